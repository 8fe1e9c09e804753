//! Makes a version of a list: what it is made of now, and what has changed since the version before.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, calendar::date_of};
use sqlx::PgConnection;

use crate::{
    domain::{
        ids::RunId,
        list_reasons,
        lists::{Change, Changed, Items, ListKind, compose, delta, digest},
        screening::Scorecard,
    },
    store::{
        StoreError,
        list_versions::{self, Version},
        screening_books, screening_results, screening_runs,
    },
};

/// Entries that are read at a time.
const PIECE: i64 = 2_000;

/// Publishes `kind` as it stands; `None` if nothing has changed.
pub(crate) async fn publish(
    conn: &mut PgConnection,
    kind: ListKind,
    now: DateTime<Utc>,
) -> Result<Option<Version>, StoreError> {
    list_versions::alone(conn, kind).await?;
    let latest = list_versions::latest(conn, kind).await?;
    let before = match &latest {
        None => Items::new(),
        Some(latest) => list_versions::whole(conn, kind, latest.version).await?,
    };
    let after = made_of(conn, kind, now).await?;
    let changes = delta(&before, &after);
    if changes.is_empty() {
        return Ok(None);
    }
    let count = |change| count(changes.iter().filter(|one: &&Changed| one.change == change).count());
    let version = Version {
        kind,
        version: latest.map_or(1, |latest| latest.version + 1),
        published_at: now,
        items: self::count(after.len()),
        added: count(Change::Added),
        removed: count(Change::Removed),
        changed: count(Change::Changed),
        digest: digest(&after).to_vec(),
    };
    list_versions::insert(conn, &version, &changes).await?;
    Ok(Some(version))
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

async fn made_of(conn: &mut PgConnection, kind: ListKind, now: DateTime<Utc>) -> Result<Items, StoreError> {
    let zone = match kind {
        ListKind::Province => Items::new(),
        ListKind::Zone | ListKind::Union | ListKind::Intersection => zone(conn).await?,
    };
    let province = match kind {
        ListKind::Zone => Items::new(),
        ListKind::Province | ListKind::Union | ListKind::Intersection => {
            list_versions::province(conn, date_of(now)).await?
        }
    };
    let excluded = match kind {
        ListKind::Zone | ListKind::Province | ListKind::Intersection => BTreeSet::new(),
        ListKind::Union => {
            let ids: Vec<EnterpriseId> = zone.keys().chain(province.keys()).copied().collect();
            list_versions::excluded(conn, &ids).await?
        }
    };
    Ok(compose(kind, zone, province, &excluded))
}

/// The entries that are listed, with the reasons of their grades.
async fn zone(conn: &mut PgConnection) -> Result<Items, StoreError> {
    let (mut items, mut after, mut cards) = (Items::new(), None, Cards::default());
    loop {
        let page = list_versions::listed(conn, after, PIECE).await?;
        let Some((_, _, last)) = page.last() else { return Ok(items) };
        after = last.entry_id;
        let asked: Vec<_> = page.iter().map(|(enterprise, run, _)| (*run, *enterprise)).collect();
        let results = screening_results::find_many(conn, &asked).await?;
        let features: HashMap<_, _> =
            results.into_iter().map(|(subject, _)| (subject.enterprise_id, subject.features)).collect();
        for (enterprise, run, mut item) in page {
            let version = cards.load(conn, run).await?;
            if let (Some(card), Some(features)) = (cards.get(version), features.get(&enterprise)) {
                item.reasons = list_reasons::short(card, features);
                item.card = version;
            }
            items.insert(enterprise, item);
        }
    }
}

/// The scorecards that runs went by, each read once.
#[derive(Default)]
struct Cards {
    of_runs: HashMap<RunId, Option<i32>>,
    cards: HashMap<i32, Scorecard>,
}

impl Cards {
    async fn load(&mut self, conn: &mut PgConnection, run: RunId) -> Result<Option<i32>, StoreError> {
        if let Some(version) = self.of_runs.get(&run) {
            return Ok(*version);
        }
        let found = screening_runs::find(conn, run).await?;
        let version = found.as_ref().map(|run| run.scorecard_version);
        self.of_runs.insert(run, version);
        if let Some(found) = found
            && !self.cards.contains_key(&found.scorecard_version)
        {
            let books = screening_books::get(conn, found.scorecard_version, found.rules_version).await?;
            self.cards.insert(found.scorecard_version, books.card);
        }
        Ok(version)
    }

    fn get(&self, version: Option<i32>) -> Option<&Scorecard> {
        version.and_then(|version| self.cards.get(&version))
    }
}
