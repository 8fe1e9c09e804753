//! The live board of a case's legs, and its timeline. While a window is open the board shows of each leg whether it was
//! delivered and whether it was answered, whatever else the answer of intake may hold: the desk is under the seal too
//! (domain.md §3.2, §7). Nothing here is of one session, so every watcher is sent the same.

use askama::Template;
use kernel::{DeclineReason, DocumentCode, InstitutionRole};
use proto::common::v1::{LegProgress, LegState};
use proto::insurance::v1 as insurance;
use proto::intake::v1::{self as intake, CaseState};

use crate::peers::Names;
use crate::text;

#[derive(Template)]
#[template(path = "board.html")]
pub(crate) struct Board {
    steps: Vec<Step>,
    state: &'static str,
    state_class: &'static str,
    round: i32,
    sealed: bool,
    window: String,
    answered: usize,
    total: usize,
    reasons: Vec<String>,
    groups: Vec<Group>,
    earlier: Vec<Group>,
}

/// A step of the way of a case.
struct Step {
    name: &'static str,
    /// `done`, `now` or nothing.
    class: &'static str,
}

/// The legs to institutions of one role.
struct Group {
    title: String,
    answered: usize,
    legs: Vec<Row>,
}

struct Row {
    name: String,
    product: String,
    label: &'static str,
    class: &'static str,
    issued: String,
    delivered: String,
    replied: String,
    /// What the institution wants to have answered.
    asked: Option<String>,
    decline: &'static str,
}

/// What is known of a leg, whoever owns it.
struct Leg<'a> {
    round: i32,
    role: i32,
    institution: &'a str,
    product: &'a str,
    progress: LegProgress,
    state: LegState,
    decline: i32,
    times: [Option<&'a prost_types::Timestamp>; 3],
    asked: Option<String>,
    late: bool,
}

const STEPS: [&str; 6] = ["提交", "受理", "征集", "比选", "选定", "批复"];

/// How far a case has come on its way: steps done; none once it has ended.
const fn reached(state: CaseState) -> Option<usize> {
    match state {
        CaseState::Unspecified | CaseState::Draft => Some(0),
        CaseState::Submitted | CaseState::Supplement => Some(1),
        CaseState::Accepted | CaseState::Collecting | CaseState::NoOffer => Some(2),
        CaseState::OffersReady => Some(3),
        CaseState::Selected => Some(4),
        CaseState::Approved => Some(6),
        CaseState::Rejected | CaseState::Withdrawn | CaseState::Expired => None,
    }
}

/// Whether answers of the present round may be seen.
pub(crate) const fn is_open(state: CaseState) -> bool {
    matches!(
        state,
        CaseState::OffersReady
            | CaseState::Selected
            | CaseState::Approved
            | CaseState::Expired
            | CaseState::NoOffer
            | CaseState::Rejected
    )
}

/// The class by which style shows a state.
pub(crate) const fn state_class(state: CaseState) -> &'static str {
    match state {
        CaseState::OffersReady | CaseState::Approved => "good",
        CaseState::Submitted | CaseState::Supplement | CaseState::NoOffer => "care",
        CaseState::Accepted | CaseState::Collecting | CaseState::Selected => "busy",
        CaseState::Rejected
        | CaseState::Withdrawn
        | CaseState::Expired
        | CaseState::Draft
        | CaseState::Unspecified => "idle",
    }
}

impl Board {
    pub(crate) fn of(view: &intake::CaseView, cover: &[insurance::CoverRound], names: &Names) -> Self {
        let header = view.header.clone().unwrap_or_default();
        let state = header.state();
        let mut legs: Vec<Leg<'_>> = view.legs.iter().map(leg).collect();
        legs.extend(cover.iter().flat_map(|round| round.legs.iter().map(|leg| cover_leg(round, leg))));
        let sealed = |leg: &Leg<'_>| leg.round == header.round && !is_open(state);
        let present: Vec<&Leg<'_>> = legs.iter().filter(|leg| leg.round == header.round).collect();
        let answered = present.iter().filter(|leg| is_answered(leg)).count();
        let group = |legs: Vec<&Leg<'_>>, earlier: bool| groups(&legs, names, &sealed, earlier);
        Self {
            steps: steps(state),
            state: text::case_state(state),
            state_class: state_class(state),
            round: header.round,
            sealed: matches!(state, CaseState::Collecting),
            window: text::at(header.window_closes_at.as_ref()),
            answered,
            total: present.len(),
            reasons: header.reasons.iter().map(|code| text::reason(code)).collect(),
            groups: group(present, false),
            earlier: group(legs.iter().filter(|leg| leg.round != header.round).collect(), true),
        }
    }
}

fn steps(state: CaseState) -> Vec<Step> {
    let reached = reached(state);
    let step = |(place, name): (usize, &&'static str)| {
        let class = match reached {
            Some(reached) if place < reached => "done",
            Some(reached) if place == reached => "now",
            Some(_) | None => "",
        };
        Step { name, class }
    };
    STEPS.iter().enumerate().map(step).collect()
}

fn leg(leg: &intake::LegView) -> Leg<'_> {
    let asked = (leg.progress() == LegProgress::Question).then(|| asked(leg));
    Leg {
        round: leg.round,
        role: leg.role,
        institution: &leg.institution_id,
        product: &leg.product_id,
        progress: leg.progress(),
        state: leg.state(),
        decline: leg.decline_reason,
        times: [leg.issued_at.as_ref(), leg.delivered_at.as_ref(), leg.replied_at.as_ref()],
        asked,
        late: false,
    }
}

/// What an institution asks for, in words.
pub(crate) fn asked(leg: &intake::LegView) -> String {
    let documents = leg.asked_document_codes.iter().filter_map(|code| DocumentCode::from_code(code));
    let documents: Vec<String> =
        documents.map(|code| format!("{} {}", code.code(), code.chinese())).collect();
    [documents.join("、"), leg.asked_note.clone()]
        .iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join("；")
}

fn cover_leg<'a>(round: &insurance::CoverRound, leg: &'a insurance::CoverLeg) -> Leg<'a> {
    let sealed = round.state() == insurance::CoverState::Collecting;
    Leg {
        round: round.round,
        role: leg.role,
        institution: &leg.institution_id,
        product: "",
        progress: leg.progress(),
        state: if sealed { LegState::Unspecified } else { leg.state() },
        decline: if sealed { 0 } else { leg.decline_reason },
        times: [leg.issued_at.as_ref(), leg.delivered_at.as_ref(), leg.replied_at.as_ref()],
        asked: None,
        late: leg.late,
    }
}

fn is_answered(leg: &Leg<'_>) -> bool {
    matches!(leg.progress, LegProgress::Replied | LegProgress::Closed)
}

fn groups(legs: &[&Leg<'_>], names: &Names, sealed: &impl Fn(&Leg<'_>) -> bool, earlier: bool) -> Vec<Group> {
    let mut keys: Vec<(i32, i32)> =
        legs.iter().map(|leg| (if earlier { leg.round } else { 0 }, leg.role)).collect();
    keys.sort_unstable();
    keys.dedup();
    let group = |(round, role): (i32, i32)| {
        let of: Vec<&&Leg<'_>> =
            legs.iter().filter(|leg| leg.role == role && (!earlier || leg.round == round)).collect();
        let name = InstitutionRole::from_number(role).map_or("机构", InstitutionRole::chinese);
        let title = if earlier { format!("第 {round} 轮 · {name}") } else { name.to_owned() };
        let mut rows: Vec<Row> = of.iter().map(|leg| row(leg, names, sealed(leg))).collect();
        // By name: the order of answers is nobody's business while the seal holds.
        rows.sort_by(|a, b| (&a.name, &a.product).cmp(&(&b.name, &b.product)));
        Group { title, answered: of.iter().filter(|leg| is_answered(leg)).count(), legs: rows }
    };
    keys.into_iter().map(group).collect()
}

fn row(leg: &Leg<'_>, names: &Names, sealed: bool) -> Row {
    let state = if sealed { LegState::Unspecified } else { leg.state };
    let (label, class) = match state {
        LegState::Unspecified => (text::progress(leg.progress), progress_class(leg.progress)),
        shown if leg.late => (if shown == LegState::Unspecified { "逾期" } else { "逾期回复" }, "idle"),
        shown => (text::leg_state(shown), leg_class(shown)),
    };
    let decline = match DeclineReason::from_number(leg.decline) {
        Some(reason) if state == LegState::Declined => reason.chinese(),
        Some(_) | None => "",
    };
    let [issued, delivered, replied] = leg.times.map(text::short);
    Row {
        name: names.institution(leg.institution),
        product: names.product(leg.product),
        label,
        class,
        issued,
        delivered,
        replied,
        asked: leg.asked.clone(),
        decline,
    }
}

const fn progress_class(progress: LegProgress) -> &'static str {
    match progress {
        LegProgress::Unspecified | LegProgress::Closed => "idle",
        LegProgress::Issued => "plain",
        LegProgress::Delivered => "busy",
        LegProgress::Question => "care",
        LegProgress::Replied => "done",
    }
}

const fn leg_class(state: LegState) -> &'static str {
    match state {
        LegState::Unspecified | LegState::Created => "plain",
        LegState::Received | LegState::Reviewing => "busy",
        LegState::InfoRequested => "care",
        LegState::Offered => "done",
        LegState::Selected | LegState::Confirmed | LegState::Fulfilled => "good",
        LegState::Declined
        | LegState::TimedOut
        | LegState::Released
        | LegState::Expired
        | LegState::WithdrawnByInst
        | LegState::Breached => "idle",
    }
}

/// What happened to a case, by whom, newest first (五方时间线).
#[derive(Template)]
#[template(path = "timeline.html")]
pub(crate) struct Timeline {
    /// The timeline cannot be read now.
    away: bool,
    entries: Vec<Happened>,
}

struct Happened {
    at: String,
    party: &'static str,
    party_code: String,
    what: String,
    who: String,
    codes: Vec<String>,
}

impl Timeline {
    pub(crate) fn of(
        view: &intake::CaseView,
        entries: Option<&[intake::TimelineEntry]>,
        names: &Names,
    ) -> Self {
        let state = view.header.as_ref().map_or(CaseState::Unspecified, intake::CaseHeader::state);
        let under_seal = matches!(state, CaseState::Collecting | CaseState::Withdrawn);
        let happened = |entry: &intake::TimelineEntry| {
            let institution = view
                .legs
                .iter()
                .find(|leg| !entry.leg_id.is_empty() && leg.leg_id == entry.leg_id)
                .map(|leg| leg.institution_id.as_str())
                .or_else(|| entry.actor.strip_prefix("institution:"));
            // Reason codes of an answer are a part of the answer.
            let hidden = under_seal && entry.kind.starts_with("LEG_ANSWERED");
            Happened {
                at: text::at(entry.at.as_ref()),
                party: text::party(&entry.party),
                party_code: entry.party.clone(),
                what: text::entry(&entry.kind),
                who: match institution {
                    Some(id) => names.institution(id),
                    None if entry.actor.starts_with("staff:") => "服务中心窗口".to_owned(),
                    None => "系统".to_owned(),
                },
                codes: if hidden {
                    Vec::new()
                } else {
                    entry.codes.iter().map(|code| text::reason(code)).collect()
                },
            }
        };
        let entries: Option<Vec<Happened>> =
            entries.map(|entries| entries.iter().rev().map(happened).collect());
        Self { away: entries.is_none(), entries: entries.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(state: CaseState) -> intake::CaseView {
        let leg = |number: i32, state: LegState, decline: i32| intake::LegView {
            leg_id: format!("leg-{number}"),
            round: 1,
            wave: 1,
            role: 1,
            institution_id: format!("bank-{number}"),
            progress: LegProgress::Replied.into(),
            state: state.into(),
            decline_reason: decline,
            ..Default::default()
        };
        intake::CaseView {
            header: Some(intake::CaseHeader { state: state.into(), round: 1, wave: 1, ..Default::default() }),
            legs: vec![leg(1, LegState::Offered, 0), leg(2, LegState::Declined, 5)],
            ..Default::default()
        }
    }

    #[test]
    fn under_seal_an_offer_and_a_refusal_are_the_same_bytes_even_if_intake_told_them_apart() {
        for state in [CaseState::Collecting, CaseState::Withdrawn] {
            let board = Board::of(&view(state), &[], &Names::default()).render().unwrap();
            for word in ["已报价", "已谢绝", "R05", "现金流"] {
                assert!(!board.contains(word), "{word} in {state:?}: {board}");
            }
            let other = |text: &str| text.replace("bank-1", "bank-2");
            let rows: Vec<String> = board.split("<tr").skip(2).map(other).collect();
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[0].split("</tr>").next(), rows[1].split("</tr>").next());
        }
    }

    #[test]
    fn after_the_window_both_are_shown() {
        let board = Board::of(&view(CaseState::OffersReady), &[], &Names::default()).render().unwrap();
        assert!(board.contains("已报价") && board.contains("已谢绝") && board.contains("现金流不足"));
    }

    #[test]
    fn codes_of_an_answer_are_no_part_of_the_timeline_under_seal() {
        let entry = intake::TimelineEntry {
            kind: "LEG_ANSWERED_LATE".to_owned(),
            party: "BANK".to_owned(),
            codes: vec!["R05".to_owned()],
            ..Default::default()
        };
        let shown = |state| {
            Timeline::of(&view(state), Some(std::slice::from_ref(&entry)), &Names::default())
                .render()
                .unwrap()
        };
        assert!(!shown(CaseState::Collecting).contains("现金流"));
        assert!(shown(CaseState::OffersReady).contains("现金流"));
    }
}
