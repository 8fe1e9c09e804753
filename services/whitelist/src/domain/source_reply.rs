//! Reads a reply of a platform by the recorded contract (docs/contracts/sources.md). What does not say everything that the source has
//! to say, or says something unknown, is refused as a whole: half a reply is no good news.

use chrono::NaiveDate;
use kernel::Uscc;
use serde::{Deserialize, Deserializer};

use super::{
    legal::{LegalCode, REFERENCE_MAX},
    source::{CreditGrade, Findings, GradeTold, Listing, Penalty, PledgeTold, SourceCode},
    standing::Exclusion,
};

/// Counts the changes of what is read from the same bytes.
pub const PARSER_VERSION: i32 = 1;
/// The contract that replies are written by.
pub const CONTRACT: &str = "zhirong-source/1";
/// Longest reply, and most entries of each of its lists.
pub const BYTES_MAX: usize = 256 * 1024;
pub const ENTRIES_MAX: usize = 1_000;
const TEXT_MAX: usize = 200;

/// The platforms' lists and the hard exclusion that each is (domain.md §4.4).
const LISTS: [(&str, &str); 10] = [
    ("DISHONEST_DEBTOR", "HX01"),
    ("SERIOUS_VIOLATION", "HX02"),
    ("ABNORMAL_OPERATION", "HX03"),
    ("TAX_SERIOUS", "HX04"),
    ("WAGE_ARREARS", "HX05"),
    ("SAFETY_SERIOUS", "HX06"),
    ("ENVIRONMENT_SERIOUS", "HX07"),
    ("IP_SERIOUS", "HX08"),
    ("DEREGISTERED", "HX09"),
    ("CONSUMPTION_RESTRICTED", "HX12"),
];

/// Why a reply says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    #[error("longer than a reply may be")]
    TooLong,
    #[error("not a document of the contract")]
    Form,
    #[error("of another contract")]
    Contract,
    #[error("of another source")]
    Source,
    #[error("about another enterprise")]
    Subject,
    #[error("not complete")]
    Incomplete,
    #[error("of a day that has not come")]
    Future,
    #[error("without something that this source has to tell, or with something that it cannot")]
    Parts,
    #[error("with an entry that cannot be read")]
    Entry,
}

impl ReplyFault {
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "TOO_LONG",
            Self::Form => "FORM",
            Self::Contract => "CONTRACT",
            Self::Source => "SOURCE",
            Self::Subject => "SUBJECT",
            Self::Incomplete => "INCOMPLETE",
            Self::Future => "FUTURE",
            Self::Parts => "PARTS",
            Self::Entry => "ENTRY",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    contract: String,
    source: String,
    subject: String,
    as_of: NaiveDate,
    complete: bool,
    listings: Option<Vec<ListingEntry>>,
    #[serde(default, deserialize_with = "said")]
    grade: Option<Option<String>>,
    penalties: Option<Vec<PenaltyEntry>>,
    pledges: Option<Vec<PledgeEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListingEntry {
    list: String,
    since: NaiveDate,
    #[serde(deserialize_with = "Option::deserialize")]
    until: Option<NaiveDate>,
    document: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PenaltyEntry {
    decided_on: NaiveDate,
    serious: bool,
    document: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PledgeEntry {
    number: String,
    code: String,
    on: NaiveDate,
    reference: String,
}

/// Tells a field that is null from one that is not there.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What `bytes` tell about `subject`, or why they tell nothing; `today` in Asia/Shanghai.
///
/// # Errors
/// The first [`ReplyFault`].
pub fn read(
    source: SourceCode,
    subject: &Uscc,
    bytes: &[u8],
    today: NaiveDate,
) -> Result<Findings, ReplyFault> {
    if bytes.len() > BYTES_MAX {
        return Err(ReplyFault::TooLong);
    }
    let reply: Reply = serde_json::from_slice(bytes).map_err(|_| ReplyFault::Form)?;
    if reply.contract != CONTRACT {
        return Err(ReplyFault::Contract);
    }
    if reply.source != source.code() {
        return Err(ReplyFault::Source);
    }
    if reply.subject != subject.as_str() {
        return Err(ReplyFault::Subject);
    }
    if !reply.complete {
        return Err(ReplyFault::Incomplete);
    }
    if reply.as_of > today {
        return Err(ReplyFault::Future);
    }
    let as_of = reply.as_of;
    match source {
        SourceCode::PledgePlatform => match reply {
            Reply { pledges: Some(pledges), listings: None, grade: None, penalties: None, .. } => {
                let pledges = entries(pledges, |entry| pledge(entry, today))?;
                let (listings, penalties) = (Vec::new(), Vec::new());
                Ok(Findings { as_of, listings, grade: GradeTold::NotTold, penalties, pledges })
            }
            _ => Err(ReplyFault::Parts),
        },
        SourceCode::CreditChina | SourceCode::CreditHenan | SourceCode::CreditJiyuan => match reply {
            Reply { listings: Some(listings), penalties: Some(penalties), pledges: None, grade, .. } => {
                Ok(Findings {
                    as_of,
                    listings: entries(listings, listing)?,
                    grade: graded(source, grade)?,
                    penalties: entries(penalties, |entry| penalty(entry, today))?,
                    pledges: Vec::new(),
                })
            }
            _ => Err(ReplyFault::Parts),
        },
    }
}

fn entries<E, T>(given: Vec<E>, read: impl Fn(E) -> Option<T>) -> Result<Vec<T>, ReplyFault> {
    if given.len() > ENTRIES_MAX {
        return Err(ReplyFault::TooLong);
    }
    given.into_iter().map(read).collect::<Option<_>>().ok_or(ReplyFault::Entry)
}

/// The province and the zone grade: they say so, or that there is none. The country's portal need not.
fn graded(source: SourceCode, grade: Option<Option<String>>) -> Result<GradeTold, ReplyFault> {
    match grade {
        Some(Some(text)) => CreditGrade::from_chinese(&text).map(GradeTold::Graded).ok_or(ReplyFault::Entry),
        Some(None) => Ok(GradeTold::Unrated),
        None if source == SourceCode::CreditChina => Ok(GradeTold::NotTold),
        None => Err(ReplyFault::Parts),
    }
}

/// A list that is not known may be the worst of all: nothing is passed over.
fn listing(entry: ListingEntry) -> Option<Listing> {
    let (_, code) = LISTS.iter().find(|(list, _)| *list == entry.list)?;
    let ordered = entry.until.is_none_or(|until| entry.since <= until);
    let good = ordered && short(&entry.document);
    let exclusion = Exclusion::parse(code)?;
    good.then_some(Listing { exclusion, since: entry.since, until: entry.until })
}

fn penalty(entry: PenaltyEntry, today: NaiveDate) -> Option<Penalty> {
    let good = entry.decided_on <= today && short(&entry.document);
    good.then_some(Penalty { decided_on: entry.decided_on, serious: entry.serious })
}

fn pledge(entry: PledgeEntry, today: NaiveDate) -> Option<PledgeTold> {
    let code = LegalCode::parse(&entry.code)?;
    let of_pledges = matches!(
        code,
        LegalCode::PledgeEffective
            | LegalCode::PledgeChanged
            | LegalCode::PledgeReleased
            | LegalCode::Preserved
            | LegalCode::PreservationLifted
    );
    let number = entry.number.trim();
    let good = of_pledges
        && entry.on <= today
        && !number.is_empty()
        && short(number)
        && entry.reference.chars().count() <= REFERENCE_MAX
        && !entry.reference.chars().any(char::is_control);
    good.then(|| PledgeTold {
        number: number.to_owned(),
        code: code.code().to_owned(),
        on: entry.on,
        reference: entry.reference,
    })
}

fn short(text: &str) -> bool {
    text.chars().count() <= TEXT_MAX
}

#[cfg(test)]
#[path = "source_reply_tests.rs"]
mod tests;
