//! From rows to staged lines, whatever the kind; a row that the file has had before is found by what it is known by.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AssetId, EnterpriseId};
use sheets::{Header, Row};
use uuid::Uuid;

use super::{
    asset, enterprise, event,
    fault::{Found, RowReason},
    fields::{Fields, Surroundings},
    keys::{Key, Keys},
    kind::FileKind,
    line::Lines,
    listing, qualification,
};

/// Rows whose new ids share a millisecond: ids in the order of the file keep their index compact.
const IDS_IN_A_MILLISECOND: u32 = 256;

/// Checks rows of one kind.
pub(super) struct Rows {
    kind: FileKind,
    import_id: Uuid,
    now: DateTime<Utc>,
    around: Surroundings,
    /// What each row is known by, and the row: a file of a million rows takes some 50 MB.
    seen: HashMap<Key, u32>,
    keys: Keys,
    staged: u32,
}

impl Rows {
    pub(super) fn new(kind: FileKind, import_id: Uuid, now: DateTime<Utc>, around: Surroundings) -> Self {
        Self { kind, import_id, now, around, seen: HashMap::new(), keys: Keys::default(), staged: 0 }
    }

    /// Adds a line for a good row, or its faults; true if it is good.
    pub(super) fn check(
        &mut self,
        header: &Header,
        row: &Row,
        lines: &mut Lines,
        faults: &mut Vec<Found>,
    ) -> bool {
        let before = faults.len();
        let mut fields = Fields { row, header, specs: self.kind.specs(), faults };
        let mark = lines.mark();
        let key = match self.kind {
            FileKind::Enterprises => {
                let id = EnterpriseId::new(self.instant(), &mut rand::rng()).uuid();
                enterprise::stage(&mut fields, &self.around, self.import_id, id, lines)
                    .map(|key| self.keys.of(&key.as_str()))
            }
            FileKind::Assets => {
                let id = AssetId::new(self.instant(), &mut rand::rng()).uuid();
                asset::stage(&mut fields, &self.around, self.import_id, id, lines)
                    .map(|key| self.keys.of(&key))
            }
            FileKind::Qualifications => {
                qualification::stage(&mut fields, &self.around, self.import_id, lines)
                    .map(|key| self.keys.of(&key))
            }
            FileKind::ProvinceList => {
                listing::stage(&mut fields, self.import_id, lines).map(|key| self.keys.of(&key))
            }
            FileKind::LegalEvents => {
                event::stage(&mut fields, &self.around, self.import_id, lines).map(|key| self.keys.of(&key))
            }
        };
        if let Some(key) = key
            && let Some(first) = self.seen.insert(key, row.number)
        {
            self.seen.insert(key, first);
            fields.refuse_with(0, RowReason::RowRepeated, format!("第{first}行"));
        }
        let good = faults.len() == before;
        if good {
            self.staged += 1;
        } else {
            lines.back_to(mark);
        }
        good
    }

    fn instant(&self) -> DateTime<Utc> {
        self.now + TimeDelta::milliseconds(i64::from(self.staged / IDS_IN_A_MILLISECOND))
    }
}
