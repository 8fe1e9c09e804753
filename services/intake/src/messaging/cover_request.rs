//! Asks insurance for cover: what it may know of the case comes from what was frozen at dispatch, and the readings of
//! insurers and guarantors are frozen now.

use bus::Outgoing;
use kernel::{CaseId, InstitutionRole};
use prost::Message as _;
use sqlx::PgConnection;

use super::publish;
use crate::{
    journal::Journal,
    store::{
        StoreError,
        covers::Asked,
        dossiers::{self, Dossier},
    },
    wire::planning,
};

/// Who is asked by insurance.
const COVERERS: [InstitutionRole; 2] = [InstitutionRole::Insurer, InstitutionRole::Guarantor];

/// Adds to the journal what its requests for cover need: message, row and readings.
pub(crate) async fn ask(journal: &mut Journal, conn: &mut PgConnection) -> Result<(), StoreError> {
    let stored: Vec<CaseId> = journal
        .asks
        .iter()
        .filter(|ask| frozen_now(journal, ask.case.id, ask.case.round).is_none())
        .map(|ask| ask.case.id)
        .collect();
    let stored = if stored.is_empty() {
        Vec::new()
    } else {
        dossiers::of_cases(conn, &stored, InstitutionRole::Bank).await?
    };
    add(journal, &stored)
}

/// The same for a journal that dispatches all of the rounds that it asks for: nothing is read.
pub(crate) fn ask_at_dispatch(journal: &mut Journal) -> Result<(), StoreError> {
    add(journal, &[])
}

/// A request at dispatch finds the banks' reading among what is written just now.
fn frozen_now(journal: &Journal, case: CaseId, round: u8) -> Option<Dossier> {
    let is_it = |dossier: &&Dossier| {
        dossier.case == case && dossier.round == round && dossier.role == InstitutionRole::Bank
    };
    journal.changes.dossiers.iter().find(is_it).cloned()
}

/// `stored`: readings for banks that were frozen before.
fn add(journal: &mut Journal, stored: &[Dossier]) -> Result<(), StoreError> {
    for ask in std::mem::take(&mut journal.asks) {
        let (case, round) = (ask.case.id, ask.case.round);
        let bank = frozen_now(journal, case, round).or_else(|| {
            stored.iter().find(|dossier| dossier.case == case && dossier.round == round).cloned()
        });
        let corrupt = |what| StoreError::Corrupt { table: "dossier", id: case.uuid(), what };
        let bank = bank.ok_or_else(|| corrupt("round without a reading for banks"))?;
        let request = planning::cover_requested(&ask.case, &ask.need, &bank)
            .ok_or_else(|| corrupt("reading for banks"))?;
        let readings = COVERERS.map(|role| {
            planning::for_coverers(&bank.body, &ask.need).map(|body| Dossier { role, body, ..bank.clone() })
        });
        for reading in readings {
            journal.changes.dossiers.push(reading.ok_or_else(|| corrupt("reading for banks"))?);
        }
        journal.changes.cover_requests.push(Asked {
            case,
            round,
            asked_at: journal.now,
            answered: None,
            body: request.encode_to_vec(),
        });
        let (id, version) = (ask.case.id, ask.case.version);
        let message = publish::cover_requested(id, version, &request, journal.now);
        journal.changes.outgoing.push(Outgoing { traceparent: ask.traceparent, ..message });
    }
    Ok(())
}
