//! The fan-out as the desk may see it: a line for each institution. While its window is open it tells delivered, asked
//! and replied, and never which answer it was.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proto::common::v1::{LegProgress, LegState};
use proto::insurance::v1::{CoverLeg, CoverRound};
use proto::intake::v1::{CaseView, LegView};

use super::text::{instant, left, right, span};

const NAME: usize = 24;
const STATE: usize = 8;
const TIME: usize = 8;
const BAR: usize = 12;

/// What is shown of an institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    NotAsked,
    Waiting,
    Issued,
    Delivered,
    Question,
    Replied,
    Closed,
    Offered,
    Declined,
    TimedOut,
    Late,
    Chosen,
    Confirmed,
    Fulfilled,
    Released,
}

impl Shown {
    pub(super) fn chinese(self) -> &'static str {
        match self {
            Self::NotAsked => "不派发",
            Self::Waiting => "待派发",
            Self::Issued => "已派发",
            Self::Delivered => "已送达",
            Self::Question => "待补充",
            Self::Replied => "已回复",
            Self::Closed => "已结束",
            Self::Offered => "已报价",
            Self::Declined => "已谢绝",
            Self::TimedOut => "未答复",
            Self::Late => "逾期",
            Self::Chosen => "待确认",
            Self::Confirmed => "已确认",
            Self::Fulfilled => "已交付",
            Self::Released => "已释放",
        }
    }

    /// SGR colour on a terminal.
    fn colour(self) -> &'static str {
        match self {
            Self::Replied | Self::Offered | Self::Confirmed | Self::Fulfilled => "32",
            Self::Question | Self::Declined | Self::Chosen => "33",
            Self::TimedOut | Self::Late => "31",
            Self::Delivered | Self::Issued => "36",
            Self::NotAsked | Self::Waiting | Self::Closed | Self::Released => "2",
        }
    }

    fn of(state: LegState, progress: LegProgress) -> Self {
        match state {
            LegState::Offered => Self::Offered,
            LegState::Selected => Self::Chosen,
            LegState::Confirmed => Self::Confirmed,
            LegState::Fulfilled => Self::Fulfilled,
            LegState::Declined => Self::Declined,
            LegState::TimedOut => Self::TimedOut,
            LegState::Released => Self::Released,
            LegState::Expired | LegState::WithdrawnByInst | LegState::Breached => Self::Closed,
            // Under the seal there is only the progress.
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested => match progress {
                LegProgress::Unspecified | LegProgress::Issued => Self::Issued,
                LegProgress::Delivered => Self::Delivered,
                LegProgress::Question => Self::Question,
                LegProgress::Replied => Self::Replied,
                LegProgress::Closed => Self::Closed,
            },
        }
    }
}

/// An institution that has a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// Institution id.
    pub(super) id: String,
    pub(super) name: String,
    /// 银行, 评估, 保险, 担保.
    pub(super) trade: &'static str,
    /// Why it is not asked; `None`: it is.
    pub(super) left_out: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    trade: &'static str,
    left_out: Option<&'static str>,
    shown: Shown,
    issued: Option<DateTime<Utc>>,
    replied: Option<DateTime<Utc>>,
}

/// One line has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) from: Shown,
    pub(super) to: Shown,
}

/// What was seen of one leg.
struct Seen {
    institution: String,
    shown: Shown,
    issued: Option<DateTime<Utc>>,
    replied: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(super) struct Board {
    lines: Vec<Line>,
    /// Line by institution id.
    places: HashMap<String, usize>,
    closes: Option<DateTime<Utc>>,
    window: Duration,
}

impl Board {
    pub(super) fn new(seats: Vec<Seat>, window: Duration) -> Self {
        let places = (0..).zip(&seats).map(|(place, seat)| (seat.id.clone(), place)).collect();
        let line = |seat: Seat| Line {
            shown: if seat.left_out.is_some() { Shown::NotAsked } else { Shown::Waiting },
            name: seat.name,
            trade: seat.trade,
            left_out: seat.left_out,
            issued: None,
            replied: None,
        };
        Self { lines: seats.into_iter().map(line).collect(), places, closes: None, window }
    }

    /// Takes over what the desk sees of banks and evaluators now; returns what has changed, in the order of the lines.
    pub(super) fn update(&mut self, case: &CaseView) -> Vec<Change> {
        self.closes =
            case.header.as_ref().and_then(|header| instant(header.window_closes_at.as_ref())).or(self.closes);
        let seen = |leg: &LegView| Seen {
            institution: leg.institution_id.clone(),
            shown: Shown::of(leg.state(), leg.progress()),
            issued: instant(leg.issued_at.as_ref()),
            replied: instant(leg.replied_at.as_ref()),
        };
        self.take(case.legs.iter().map(seen).collect())
    }

    /// The same of insurers and guarantors, whose window is their own.
    pub(super) fn update_cover(&mut self, round: &CoverRound) -> Vec<Change> {
        self.closes = instant(round.window_closes_at.as_ref()).or(self.closes);
        let seen = |leg: &CoverLeg| Seen {
            institution: leg.institution_id.clone(),
            shown: Shown::of(leg.state(), leg.progress()),
            issued: instant(leg.issued_at.as_ref()),
            replied: instant(leg.replied_at.as_ref()),
        };
        self.take(round.legs.iter().map(seen).collect())
    }

    fn take(&mut self, legs: Vec<Seen>) -> Vec<Change> {
        let mut changes = Vec::new();
        for leg in legs {
            let Some(place) = self.places.get(&leg.institution) else { continue };
            let Some(line) = self.lines.get_mut(*place) else { continue };
            line.issued = leg.issued;
            line.replied = leg.replied;
            // That an answer came late is the last that is said of it.
            if line.shown != Shown::Late {
                changes.extend(line.show(leg.shown).map(|change| (*place, change)));
            }
        }
        changes.sort_by_key(|(place, _)| *place);
        changes.into_iter().map(|(_, change)| change).collect()
    }

    /// Marks an institution whose answer came after the window.
    pub(super) fn mark_late(&mut self, institution: &str) {
        if let Some(line) = self.places.get(institution).and_then(|place| self.lines.get_mut(*place)) {
            line.show(Shown::Late);
        }
    }

    /// The whole board at this instant; `colour` for terminals.
    pub(super) fn draw(&self, now: DateTime<Utc>, colour: bool) -> Vec<String> {
        let mut lines = vec![self.summary(now)];
        for (number, line) in (1..).zip(&self.lines) {
            let state = left(line.shown.chinese(), STATE);
            let state = if colour { format!("\x1b[{}m{state}\x1b[0m", line.shown.colour()) } else { state };
            let time = line.time(now, self.closes).map(span).unwrap_or_default();
            let bar = line.left_out.map_or_else(|| self.bar(line, now), str::to_owned);
            lines.push(format!(
                " {number:>2} {} {} {state}{}  {bar}",
                line.trade,
                left(&line.name, NAME),
                right(&time, TIME)
            ));
        }
        lines
    }

    fn summary(&self, now: DateTime<Utc>) -> String {
        let asked: Vec<&Line> = self.lines.iter().filter(|line| line.shown != Shown::NotAsked).collect();
        let count = |wanted: &dyn Fn(Shown) -> bool| asked.iter().filter(|line| wanted(line.shown)).count();
        let delivered = count(&|shown| !matches!(shown, Shown::Waiting | Shown::Issued));
        let replied = count(&|shown| {
            !matches!(
                shown,
                Shown::Waiting
                    | Shown::Issued
                    | Shown::Delivered
                    | Shown::Question
                    | Shown::TimedOut
                    | Shown::Late
            )
        });
        let left = self.closes.map(|closes| (closes - now).max(TimeDelta::zero()));
        let window = match left.and_then(|left| left.to_std().ok()) {
            None => "等待派发".to_owned(),
            Some(Duration::ZERO) => "窗口已截止".to_owned(),
            Some(left) => format!("窗口还剩 {:.1} s", left.as_secs_f64()),
        };
        format!("     {window} · 已送达 {delivered}/{total} · 已回复 {replied}/{total}", total = asked.len())
    }

    /// Time since the dispatch as a share of the window.
    fn bar(&self, line: &Line, now: DateTime<Utc>) -> String {
        let Some(time) = line.time(now, self.closes) else { return "·".repeat(BAR) };
        let share = (time.as_secs_f64() / self.window.as_secs_f64()).min(1.0);
        // At least one cell, so that a quick answer is seen; the share is within 0 and 1.
        let full = ((share * BAR as f64).round() as usize).clamp(1, BAR);
        format!("{}{}", "█".repeat(full), "·".repeat(BAR - full))
    }
}

impl Line {
    fn show(&mut self, to: Shown) -> Option<Change> {
        let from = std::mem::replace(&mut self.shown, to);
        (from != to).then(|| Change { name: self.name.clone(), from, to })
    }

    /// From the dispatch to the reply, or to now, or to the end of the window.
    fn time(&self, now: DateTime<Utc>, closes: Option<DateTime<Utc>>) -> Option<Duration> {
        let until = self.replied.unwrap_or_else(|| closes.map_or(now, |closes| closes.min(now)));
        self.issued.map(|issued| (until - issued).to_std().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use proto::intake::v1::CaseHeader;
    use uuid::Uuid;

    use super::super::text::width;
    use super::*;

    fn bank(number: u128, name: &str) -> Seat {
        Seat {
            id: Uuid::from_u128(number).to_string(), name: name.to_owned(), trade: "银行", left_out: None
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn stamp(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds: 1_700_000_000 + seconds, nanos: 0 })
    }

    fn board() -> Board {
        let left_out = Seat { left_out: Some("未设专门部门"), ..bank(3, "济渎村镇银行") };
        let seats = vec![bank(1, "王屋银行济源分行"), bank(2, "中岳科创银行济源科技支行"), left_out];
        Board::new(seats, Duration::from_secs(8))
    }

    fn view(progress: LegProgress, state: LegState, replied: Option<Timestamp>) -> CaseView {
        let leg = LegView {
            institution_id: Uuid::from_u128(1).to_string(),
            progress: progress.into(),
            state: state.into(),
            issued_at: stamp(0),
            replied_at: replied,
            ..LegView::default()
        };
        let header = CaseHeader { window_closes_at: stamp(8), ..CaseHeader::default() };
        CaseView { header: Some(header), legs: vec![leg], ..CaseView::default() }
    }

    #[test]
    fn a_change_is_told_once_and_the_seal_holds_until_the_state_is_given() {
        let mut board = board();
        let delivered = view(LegProgress::Delivered, LegState::Unspecified, None);
        let name = "王屋银行济源分行".to_owned();
        let expected = Change { name: name.clone(), from: Shown::Waiting, to: Shown::Delivered };
        assert_eq!(board.update(&delivered), [expected]);
        assert_eq!(board.update(&delivered), []);
        let replied = view(LegProgress::Replied, LegState::Unspecified, stamp(2));
        assert_eq!(board.update(&replied)[0].to, Shown::Replied);
        let open = view(LegProgress::Replied, LegState::Declined, stamp(2));
        assert_eq!(board.update(&open), [Change { name, from: Shown::Replied, to: Shown::Declined }]);
    }

    #[test]
    fn every_line_is_as_wide_as_the_others_and_fits_eighty_columns_even_with_wide_bars() {
        let mut board = board();
        board.update(&view(LegProgress::Replied, LegState::Unspecified, stamp(2)));
        let lines = board.draw(at(4), false);
        assert_eq!(lines[0].trim(), "窗口还剩 4.0 s · 已送达 1/2 · 已回复 1/2");
        assert_eq!(width(&lines[1]), width(&lines[2]));
        assert!(lines.iter().all(|line| width(line) + BAR <= 80), "{lines:#?}");
        assert!(
            lines[1].contains("已回复") && lines[1].contains("2.00 s") && lines[1].ends_with("███·········")
        );
        assert!(lines[2].contains("待派发") && lines[3].contains("未设专门部门"));
        let coloured = board.draw(at(4), true);
        assert!(coloured[1].contains("\x1b[32m已回复"));
    }

    #[test]
    fn time_stands_still_at_the_reply_and_at_the_end_of_the_window() {
        let mut board = board();
        board.update(&view(LegProgress::Closed, LegState::TimedOut, None));
        assert!(board.draw(at(100), false)[1].contains("8.00 s"));
        board.mark_late(&Uuid::from_u128(1).to_string());
        let lines = board.draw(at(100), false);
        assert!(lines[0].contains("窗口已截止") && lines[1].contains("逾期"));
    }
}
