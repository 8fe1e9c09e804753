//! Screenings, entries and lists as they stand in messages.

use proto::whitelist::v1 as wire;

use super::wire::timestamp;
use crate::{
    domain::{
        entry::{Entry, Level, State},
        list_reasons,
        lists::{Change, Item},
        screening::{Exclusions, Run, RunState, Scorecard, Screened, Subject},
    },
    messaging,
    store::{
        list_versions::Version,
        screening_books::{BookKind, Books, Recorded},
    },
};

pub(super) fn book_kind(number: i32) -> Option<BookKind> {
    match wire::RulebookKind::try_from(number).ok()? {
        wire::RulebookKind::Unspecified => None,
        wire::RulebookKind::Scorecard => Some(BookKind::Scorecard),
        wire::RulebookKind::Exclusions => Some(BookKind::Exclusions),
    }
}

pub(super) fn rulebook(kind: BookKind, book: Recorded) -> wire::Rulebook {
    let kind = match kind {
        BookKind::Scorecard => wire::RulebookKind::Scorecard,
        BookKind::Exclusions => wire::RulebookKind::Exclusions,
    };
    let sha256 = ring::digest::digest(&ring::digest::SHA256, book.body.as_bytes());
    wire::Rulebook {
        kind: kind.into(),
        version: book.version,
        active_from: book.active_from.to_string(),
        sha256: sha256.as_ref().to_vec(),
        text: book.body,
        recorded_at: Some(timestamp(book.recorded_at)),
    }
}

pub(super) fn run(run: &Run) -> wire::Run {
    let (state, finished_at) = match run.state {
        RunState::Running => (wire::RunState::Running, None),
        RunState::Done { at } => (wire::RunState::Done, Some(timestamp(at))),
    };
    wire::Run {
        run_id: run.id.to_string(),
        state: state.into(),
        as_of: run.as_of.to_string(),
        scorecard_version: run.scorecard_version,
        exclusions_version: run.rules_version,
        screened: run.screened,
        digest: if finished_at.is_some() { run.digest.bytes().to_vec() } else { Vec::new() },
        started_at: Some(timestamp(run.started_at)),
        finished_at,
    }
}

pub(super) fn result(subject: &Subject, screened: &Screened) -> wire::Result {
    let codes = Exclusions::codes;
    wire::Result {
        enterprise_id: subject.enterprise_id.to_string(),
        enterprise_version: subject.enterprise_version,
        score: screened.total.0,
        grade: screened.grade.number(),
        exclusions: codes(screened.outcome.hits),
        not_asked: codes(screened.outcome.not_asked),
        pending: codes(screened.outcome.pending),
        eligible: screened.eligible,
    }
}

pub(super) fn explanation(subject: &Subject, screened: &Screened, books: &Books) -> wire::Explanation {
    let score = books.card.evaluate(&subject.features);
    let line = |line: &crate::domain::screening::Line<'_>| wire::Line {
        code: line.indicator.code.clone(),
        name: line.indicator.name.clone(),
        input: line.input,
        ratio_bp: line.band.map_or(0, |band| band.ratio_bp),
        points: line.points.0,
        most: line.indicator.points.0,
        band: line.band.map(|band| band.text.clone()).unwrap_or_default(),
        reason: line.reason.code().to_owned(),
        text: line.text(),
    };
    let exclusion = |rule: &crate::domain::screening::Rule| wire::ExclusionLine {
        code: rule.exclusion.to_string(),
        name: rule.name.clone(),
        status: books.rules.status(rule, &subject.evidence).code().to_owned(),
        effect: rule.effect.code().to_owned(),
        cure: rule.cure.clone(),
    };
    wire::Explanation {
        result: Some(result(subject, screened)),
        lines: score.lines.iter().map(line).collect(),
        exclusions: books.rules.rules.iter().map(exclusion).collect(),
        snapshot_ids: subject.snapshots.iter().map(ToString::to_string).collect(),
        scorecard_version: books.scorecard_version,
        exclusions_version: books.rules_version,
    }
}

pub(super) fn level(level: Level) -> i32 {
    match level {
        Level::Zone => wire::ListLevel::Zone.into(),
        Level::Province => wire::ListLevel::Province.into(),
    }
}

pub(super) fn entry(entry: &Entry) -> wire::Entry {
    let term = match entry.state {
        State::Listed(term) => Some(term),
        State::Screening { term, .. } | State::Suspended { term, .. } => term,
        State::Nominated
        | State::ConsentPending
        | State::Rejected(_)
        | State::Scored
        | State::Publicity { .. }
        | State::Removed(_)
        | State::Expired => None,
    };
    let publicity_ends_at = match entry.state {
        State::Publicity { ends_at, .. } => ends_at.map(timestamp),
        _ => None,
    };
    let reason = match entry.state {
        State::Rejected(why) | State::Removed(why) => why.code(),
        _ => "",
    };
    wire::Entry {
        entry_id: entry.id.to_string(),
        enterprise_id: entry.enterprise_id.to_string(),
        state: messaging::entry_state(entry.state).into(),
        version: entry.version,
        source_level: level(entry.source_level),
        parent_entry_id: entry.parent.map(|id| id.to_string()).unwrap_or_default(),
        score: entry.judged.map_or(0, |judged| judged.total.0),
        grade: entry.judged.map_or(0, |judged| judged.grade.number()),
        exclusions: entry.hits.codes(),
        run_id: entry.judged.map(|judged| judged.run.to_string()).unwrap_or_default(),
        publicity_ends_at,
        listed_on: term.map(|term| term.from.to_string()).unwrap_or_default(),
        expires_on: term.map(|term| term.to.to_string()).unwrap_or_default(),
        waiting_for: if entry.waiting { "PENDING_SOURCE".to_owned() } else { String::new() },
        reason: reason.to_owned(),
        updated_at: Some(timestamp(entry.updated_at)),
    }
}

/// The states that can be asked for by name.
pub(super) fn state_code(number: i32) -> Option<&'static str> {
    Some(match wire::EntryState::try_from(number).ok()? {
        wire::EntryState::Unspecified => return None,
        wire::EntryState::Nominated => "NOMINATED",
        wire::EntryState::ConsentPending => "CONSENT_PENDING",
        wire::EntryState::Screening => "SCREENING",
        wire::EntryState::Rejected => "REJECTED",
        wire::EntryState::Scored => "SCORED",
        wire::EntryState::Publicity => "PUBLICITY",
        wire::EntryState::Listed => "LISTED",
        wire::EntryState::Suspended => "SUSPENDED",
        wire::EntryState::Removed => "REMOVED",
        wire::EntryState::Expired => "EXPIRED",
    })
}

pub(super) fn list_version(version: &Version) -> wire::ListVersion {
    wire::ListVersion {
        kind: version.kind.number(),
        version: version.version,
        published_at: Some(timestamp(version.published_at)),
        items: version.items,
        added: version.added,
        removed: version.removed,
        changed: version.changed,
        digest: version.digest.clone(),
    }
}

/// An item with its reasons in words, without what only staff may see.
pub(super) fn item(change: Option<Change>, item: &Item, card: Option<&Scorecard>) -> wire::ListItem {
    let reasons = card.map(|card| list_reasons::in_words(card, &item.reasons)).unwrap_or_default();
    let reason = |one: list_reasons::ListReason| wire::ListReason {
        code: one.code,
        kind: one.leaning.code().to_owned(),
        text: one.text,
    };
    wire::ListItem {
        change: change.map_or(0, Change::number),
        uscc: item.uscc.clone(),
        name: item.name.clone(),
        grade: item.grade.map_or(0, |grade| grade.number()),
        reasons: reasons.into_iter().map(reason).collect(),
        source_level: level(item.source_level),
        valid_to: item.valid_to.map(|day| day.to_string()).unwrap_or_default(),
        entry_id: String::new(),
        parent_entry_id: String::new(),
        enterprise_id: String::new(),
    }
}
