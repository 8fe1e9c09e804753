//! A screening run (筛查批次): what it covers, what it goes by, how far it is.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::EnterpriseId;

use super::digest::Digest;
use crate::domain::ids::RunId;

/// Most enterprises that a run may name.
pub const RUN_SCOPE_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Running,
    Done { at: DateTime<Utc> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// The day (Asia/Shanghai) that it looks from.
    pub as_of: NaiveDate,
    pub scorecard_version: i32,
    pub rules_version: i32,
    /// Sorted; `None`: the whole register.
    pub scope: Option<Vec<EnterpriseId>>,
    pub state: RunState,
    /// The last enterprise that is done.
    pub cursor: Option<EnterpriseId>,
    pub screened: i64,
    pub digest: Digest,
    pub started_at: DateTime<Utc>,
}

impl Run {
    pub fn start(
        id: RunId,
        as_of: NaiveDate,
        (scorecard_version, rules_version): (i32, i32),
        scope: Option<Vec<EnterpriseId>>,
        now: DateTime<Utc>,
    ) -> Self {
        let digest = Self::header(as_of, scorecard_version, rules_version);
        let scope = scope.map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        Self {
            id,
            as_of,
            scorecard_version,
            rules_version,
            scope,
            state: RunState::Running,
            cursor: None,
            screened: 0,
            digest,
            started_at: now,
        }
    }

    /// The digest of a run of these versions before its first row.
    pub fn header(as_of: NaiveDate, scorecard_version: i32, rules_version: i32) -> Digest {
        Digest::begin(format!("{as_of} {scorecard_version} {rules_version}").as_bytes())
    }
}
