//! Typed identifiers over UUID. Made from a given clock and random source, never from the machine's own; but for the beginning
//! of ids that institutions see, which is each process's own.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

/// The text is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: a hyphenated UUID is needed")]
pub struct IdError {
    /// Name of the identifier's type, such as `CaseId`.
    pub kind: &'static str,
}

/// UUIDv7 from the given instant; instants before 1970 count as 1970.
fn ordered(now: DateTime<Utc>, random: &mut impl RngCore) -> Uuid {
    let mut bytes = [0_u8; 10];
    random.fill_bytes(&mut bytes);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// UUIDv4: says nothing about when it was made.
fn unordered(random: &mut impl RngCore) -> Uuid {
    let mut bytes = [0_u8; 16];
    random.fill_bytes(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// UUIDv4 that begins as all do which this process makes in the same second: an index grows in one place instead of
/// everywhere. The beginning is a hash under a key that nobody knows, so it tells no time and has no order.
fn side_by_side(now: DateTime<Utc>, random: &mut impl RngCore) -> Uuid {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let mut bytes = [0_u8; 16];
    random.fill_bytes(&mut bytes);
    let [first, second, third, ..] = KEY.hash_one(now.timestamp()).to_be_bytes();
    bytes[..3].copy_from_slice(&[first, second, third]);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// Accepts the hyphenated form only, so that one id has one spelling (case aside).
fn parse(text: &str, kind: &'static str) -> Result<Uuid, IdError> {
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(IdError { kind });
    }
    Uuid::try_parse(text).map_err(|_| IdError { kind })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A random id (UUIDv4): neither its time nor its neighbours can be read from it.
            pub fn random(random: &mut impl RngCore) -> Self {
                Self(unordered(random))
            }

            /// Takes a UUID that is known to be of this kind.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text, stringify!($name)).map(Self)
            }
        }
    };
}

/// Kinds of ids, with the function that makes new ones and what is to be said of it.
macro_rules! new_id {
    ($make:ident, $said:literal; $($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(
            id!($(#[$doc])* $name);

            impl $name {
                #[doc = $said]
                pub fn new(now: DateTime<Utc>, random: &mut impl RngCore) -> Self {
                    Self($make(now, random))
                }
            }
        )+
    };
}

// Only our own roles order and store these.
new_id! {
    ordered, "A new id that sorts by `now` (UUIDv7), which keeps indexes dense.";
    /// An enterprise (企业).
    EnterpriseId,
    /// An intellectual property asset (知识产权).
    AssetId,
    /// A consent (授权书).
    ConsentId,
    /// An institution (机构).
    InstitutionId,
    /// A product (信贷产品).
    ProductId,
    /// A branch of an institution (分支机构).
    BranchId,
    /// A cooperation agreement (合作协议).
    AgreementId,
    /// A bank's internal rule (内部制度文件).
    PolicyDocumentId,
    /// A financing case (融资申请).
    CaseId,
    /// An institution's credential at the partner edge.
    CredentialId,
    /// What a source told at one time (数据快照).
    SnapshotId,
    /// One look at masked data (明文查看).
    RevealId,
    /// A message on the bus.
    MessageId,
    /// What a caller names a change by, so that a repeat is known.
    RequestId,
    /// Where the document store keeps a document.
    DocumentKey,
}

// Institutions see these, too. Ids in the order of time would tell them who else was asked, and when.
new_id! {
    side_by_side, "A new id (UUIDv4) of something whose instant `now` its reader knows as well: two can be seen to be of the
same second and process, and nothing else can be read from them.";
    /// A leg: one question to one institution. Seen by the institution as its assignment.
    LegId,
    /// An institution's reply to a leg.
    ReplyId,
    /// An event that an institution pulls.
    EventId,
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_663_200_000 + second, 0).single().unwrap()
    }

    #[test]
    fn same_clock_and_source_give_the_same_id() {
        let mut one = StdRng::seed_from_u64(7);
        let mut two = StdRng::seed_from_u64(7);
        assert_eq!(CaseId::new(at(0), &mut one), CaseId::new(at(0), &mut two));
        assert_eq!(LegId::random(&mut one), LegId::random(&mut two));
        assert_eq!(LegId::new(at(0), &mut one), LegId::new(at(0), &mut two));
    }

    #[test]
    fn new_ids_are_version_seven_and_sort_by_time() {
        let mut source = StdRng::seed_from_u64(1);
        let ids: Vec<_> = (0..50).map(|second| MessageId::new(at(second), &mut source)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
        assert_eq!(ids[3].uuid().get_timestamp().unwrap().to_unix().0, 1_663_200_003);
    }

    #[test]
    fn random_ids_are_version_four() {
        let mut source = StdRng::seed_from_u64(1);
        assert_eq!(LegId::random(&mut source).uuid().get_version_num(), 4);
        assert_eq!(EventId::random(&mut source).uuid().get_version_num(), 4);
        assert_eq!(ReplyId::random(&mut source).uuid().get_version_num(), 4);
    }

    #[test]
    fn ids_that_institutions_see_lie_side_by_side_and_are_in_no_order() {
        let mut source = StdRng::seed_from_u64(1);
        let mut made = |second: i64| LegId::new(at(second), &mut source).uuid();
        let ids: Vec<Uuid> = (0..50).map(&mut made).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
        assert!(!ids.is_sorted());
        let beginning = |id: &Uuid| id.as_u128() >> 104;
        let of_one_second: Vec<Uuid> = (0..50).map(|_| made(7)).collect();
        assert!(of_one_second.iter().all(|id| beginning(id) == beginning(&ids[7])));
        let others = ids.iter().filter(|id| beginning(id) == beginning(&ids[7])).count();
        assert!(others < 5, "each second has its own beginning");
        // The rest differs: 98 bits are random.
        let mut rests: Vec<u128> = of_one_second.iter().map(|id| id.as_u128() << 24 >> 64).collect();
        rests.sort_unstable();
        rests.dedup();
        assert_eq!(rests.len(), 50);
    }

    #[test]
    fn instants_before_1970_are_no_panic() {
        let mut source = StdRng::seed_from_u64(1);
        let id = CaseId::new(DateTime::<Utc>::MIN_UTC, &mut source);
        assert_eq!(id.uuid().get_timestamp().unwrap().to_unix().0, 0);
        assert_eq!(LegId::new(DateTime::<Utc>::MIN_UTC, &mut source).uuid().get_version_num(), 4);
    }

    #[test]
    fn text_form_round_trips_and_only_the_hyphenated_form_is_read() {
        let id = CaseId::random(&mut StdRng::seed_from_u64(5));
        assert_eq!(id.to_string().parse::<CaseId>(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse::<CaseId>(), Ok(id));
        let refused = Err(IdError { kind: "CaseId" });
        assert_eq!(id.uuid().simple().to_string().parse::<CaseId>(), refused);
        assert_eq!(id.uuid().braced().to_string().parse::<CaseId>(), refused);
        for text in ["", "x", "00000000-0000-0000-0000-00000000000g", " 0000000-0000-0000-0000-000000000000"]
        {
            assert_eq!(text.parse::<CaseId>(), refused, "{text}");
        }
    }
}
