//! Banks' internal rules (内部制度, C16): five kinds, and which bank lacks which.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{InstitutionId, PolicyDocumentId};

use super::{choices::PolicyKind, codes::Code as _};

/// Longest title in characters.
pub const TITLE_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: PolicyDocumentId,
    pub institution_id: InstitutionId,
    pub kind: PolicyKind,
    pub title: String,
    pub issued_on: NaiveDate,
    /// The first day on which it does not count.
    pub repealed_on: Option<NaiveDate>,
    pub file_sha256: [u8; 32],
    pub filed_at: DateTime<Utc>,
}

impl Document {
    fn in_force(&self, day: NaiveDate) -> bool {
        self.issued_on <= day && self.repealed_on.is_none_or(|repealed| day < repealed)
    }
}

/// What it comes to that a rule is repealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeal {
    Repealed,
    /// On that very day.
    AlreadyRepealed,
    /// On the day of its issue or before.
    NotAfterIssue,
    /// Another day is on record.
    OnAnotherDay,
}

/// Repeals a document from `on` on, the first day on which it does not count.
pub fn repeal_of(document: &Document, on: NaiveDate) -> Repeal {
    match document.repealed_on {
        Some(known) if known == on => Repeal::AlreadyRepealed,
        Some(_) => Repeal::OnAnotherDay,
        None if on <= document.issued_on => Repeal::NotAfterIssue,
        None => Repeal::Repealed,
    }
}

/// A bank's five cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub institution_id: InstitutionId,
    pub name: String,
    /// In the order of the kinds; `None` is a gap.
    pub cells: Vec<(PolicyKind, Option<PolicyDocumentId>)>,
}

impl Row {
    pub fn gaps(&self) -> impl Iterator<Item = PolicyKind> + '_ {
        self.cells.iter().filter(|(_, document)| document.is_none()).map(|(kind, _)| *kind)
    }
}

/// Bank × five kinds as of a day. The document issued last decides, of one day the one filed last: it has taken the place
/// of those before it, so that none of them counts again when it is repealed.
pub fn matrix(banks: Vec<(InstitutionId, String)>, documents: &[Document], day: NaiveDate) -> Vec<Row> {
    let row = |(institution_id, name): (InstitutionId, String)| {
        let cell = |kind: &PolicyKind| {
            let own =
                documents.iter().filter(|one| one.institution_id == institution_id && one.kind == *kind);
            let last = own
                .filter(|one| one.issued_on <= day)
                .max_by_key(|one| (one.issued_on, one.filed_at, one.id));
            (*kind, last.filter(|one| one.in_force(day)).map(|one| one.id))
        };
        Row { institution_id, name, cells: PolicyKind::every().iter().map(cell).collect() }
    };
    banks.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn document(n: u128, kind: PolicyKind, issued: &str, repealed: &str) -> Document {
        Document {
            id: PolicyDocumentId::from_uuid(Uuid::from_u128(n)),
            institution_id: InstitutionId::from_uuid(Uuid::from_u128(1)),
            kind,
            title: "x".to_owned(),
            issued_on: issued.parse().unwrap(),
            repealed_on: repealed.parse().ok(),
            file_sha256: [0; 32],
            filed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_repealed_document_leaves_a_gap_though_an_older_one_is_on_record() {
        let documents = [
            document(1, PolicyKind::RiskAssessment, "2022-01-01", ""),
            document(2, PolicyKind::RiskAssessment, "2022-06-01", "2022-07-01"),
        ];
        let cell = |day: &str| {
            let banks = vec![(documents[0].institution_id, "甲".to_owned())];
            matrix(banks, &documents, day.parse().unwrap())[0].cells[0].1
        };
        for (day, wanted) in [
            ("2022-05-31", Some(documents[0].id)),
            ("2022-06-30", Some(documents[1].id)),
            ("2022-07-01", None),
        ] {
            assert_eq!(cell(day), wanted, "{day}");
        }
    }

    #[test]
    fn a_document_is_repealed_once_on_a_day_after_its_issue() {
        let standing = document(1, PolicyKind::Incentive, "2022-01-01", "");
        let repealed = document(1, PolicyKind::Incentive, "2022-01-01", "2022-07-01");
        for (document, on, wanted) in [
            (&standing, "2022-01-02", Repeal::Repealed),
            (&standing, "2022-01-01", Repeal::NotAfterIssue),
            (&repealed, "2022-07-01", Repeal::AlreadyRepealed),
            (&repealed, "2022-07-02", Repeal::OnAnotherDay),
        ] {
            assert_eq!(repeal_of(document, on.parse().unwrap()), wanted, "{on}");
        }
    }

    #[test]
    fn a_gap_is_named_and_the_newest_document_in_force_fills_a_cell() {
        let (bank, other) =
            (InstitutionId::from_uuid(Uuid::from_u128(1)), InstitutionId::from_uuid(Uuid::from_u128(2)));
        let documents = [
            document(1, PolicyKind::RiskAssessment, "2022-01-01", ""),
            document(2, PolicyKind::RiskAssessment, "2022-06-01", ""),
            document(3, PolicyKind::CreditReview, "2022-01-01", "2022-07-01"),
            document(4, PolicyKind::Incentive, "2023-01-01", ""),
        ];
        let banks = vec![(bank, "甲".to_owned()), (other, "乙".to_owned())];
        let rows = matrix(banks, &documents, "2022-07-01".parse().unwrap());
        assert_eq!(rows[0].cells[0].1, Some(documents[1].id));
        let gaps: Vec<_> = rows[0].gaps().collect();
        assert_eq!(gaps, &PolicyKind::every()[1..]);
        assert_eq!(rows[1].gaps().count(), 5);
    }
}
