//! Ids that only this service gives: of screening runs, entries, exclusions on record. In the order of time.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(uuid::Uuid);

            impl $name {
                /// Sorts by `now`; time and randomness are the kernel's to arrange.
                pub fn new(now: chrono::DateTime<chrono::Utc>, random: &mut impl rand::RngCore) -> Self {
                    Self(kernel::MessageId::new(now, random).uuid())
                }

                pub const fn from_uuid(uuid: uuid::Uuid) -> Self {
                    Self(uuid)
                }

                pub const fn uuid(self) -> uuid::Uuid {
                    self.0
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    self.0.fmt(out)
                }
            }

            impl std::str::FromStr for $name {
                type Err = kernel::IdError;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    text.parse::<kernel::MessageId>().map(|id| Self(id.uuid()))
                }
            }
        )+
    };
}

ids! {
    /// A screening run (筛查批次).
    RunId,
    /// An entry of the whitelist (名单条目).
    EntryId,
    /// A hard exclusion that a person put on record.
    ExclusionId,
}
