//! A look at some enterprises as they stand now. It becomes a run of its own where something is decided by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, calendar::date_of};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        entry::Judgement,
        hearing::Hearing,
        ids::RunId,
        screening::{Run, RunState, Screened, Subject, screen},
        source::SourceCode,
    },
    store::{
        StoreError,
        entries::{self, Consented},
        screening_books::{self, Books},
        screening_results::{self, Pair},
        screening_runs,
        screening_subjects::{self, Ears, Moment, Seen},
    },
};

pub(crate) struct Look {
    run: Run,
    books: Books,
    pairs: Vec<Pair>,
    missing: Vec<(EnterpriseId, SourceCode)>,
    hearings: BTreeMap<EnterpriseId, Hearing>,
    consented: BTreeMap<EnterpriseId, Consented>,
}

/// Whom to look at, and from when on what sources told counts, where that matters.
pub(crate) type Asked = (EnterpriseId, Option<DateTime<Utc>>);

impl Look {
    /// Screens who is asked about by what holds today.
    pub(crate) async fn at(
        conn: &mut PgConnection,
        asked: &[Asked],
        ears: &Ears,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let day = date_of(now);
        let none = StoreError::Impossible { table: "rulebook", id: Uuid::nil(), column: "active_from" };
        let books = screening_books::active(conn, day).await?.ok_or(none)?;
        let versions = (books.scorecard_version, books.rules_version);
        let mut run = Run::start(
            RunId::new(now, &mut rand::rng()),
            day,
            versions,
            Some(asked.iter().map(|(id, _)| *id).collect()),
            now,
        );
        let scope = run.scope.clone().unwrap_or_default();
        let fresh_from = asked.iter().filter_map(|(id, since)| Some((*id, (*since)?))).collect();
        let moment = Moment { day, at: now, now, fresh_from: &fresh_from };
        let seen = screening_subjects::list(conn, &scope, &books.card, ears, moment).await?;
        let consented = entries::consents(conn, &scope, now).await?;
        let consented = consented.into_iter().map(|one| (one.enterprise_id, one)).collect();
        let hearings = seen.iter().map(|one| (one.subject.enterprise_id, one.hearing)).collect();
        let waits = |one: &Seen| {
            one.missing.iter().map(|source| (one.subject.enterprise_id, *source)).collect::<Vec<_>>()
        };
        let missing = seen.iter().flat_map(waits).collect();
        let pairs = screen_all(seen.into_iter().map(|one| one.subject), &books);
        advance(&mut run, &pairs);
        run.cursor = scope.last().copied();
        run.state = RunState::Done { at: now };
        Ok(Self { run, books, pairs, missing, hearings, consented })
    }

    pub(crate) fn judgement(&self, id: EnterpriseId) -> Option<Judgement> {
        let place = self.pairs.binary_search_by_key(&id, |(subject, _)| subject.enterprise_id).ok()?;
        let (subject, screened) = self.pairs.get(place)?;
        Some(Judgement {
            run: self.run.id,
            total: screened.total,
            grade: screened.grade,
            passes: screened.total >= self.books.card.listing_at,
            hits: screened.outcome.hits,
            rejects: screened.outcome.rejects(&self.books.rules),
            pending: screened.outcome.pending,
            hearing: self.hearings.get(&id).copied().unwrap_or_default(),
            barred: subject.evidence.findings.both(screened.outcome.not_asked),
            consented: self.consented.get(&id).is_some_and(|found| found.active),
        })
    }

    /// Whether the enterprise has taken its consent back, and given no other.
    pub(crate) fn is_revoked(&self, id: EnterpriseId) -> bool {
        self.consented.get(&id).is_some_and(|found| found.revoked && !found.active)
    }

    /// The sources that decisions wait for.
    pub(crate) fn missing(&self) -> &[(EnterpriseId, SourceCode)] {
        &self.missing
    }

    /// Keeps what was seen, because something rests on it.
    pub(crate) async fn keep(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        screening_runs::insert(conn, &self.run).await?;
        screening_results::insert(conn, self.run.id, &self.pairs).await
    }
}

pub(crate) fn screen_all(
    subjects: impl IntoIterator<Item = Subject>,
    books: &Books,
) -> Vec<(Subject, Screened)> {
    subjects
        .into_iter()
        .map(|subject| {
            let screened = screen(&subject, &books.card, &books.rules);
            (subject, screened)
        })
        .collect()
}

/// Counts the results in, and takes them into the run's digest.
pub(crate) fn advance(run: &mut Run, pairs: &[Pair]) {
    for (subject, screened) in pairs {
        run.digest = run.digest.and(subject, screened);
    }
    run.screened += i64::try_from(pairs.len()).unwrap_or_default();
}
