//! The fan-out as the desk may see it: a line for each bank. While the window is open it tells delivered, asked and
//! replied, and never which answer it was.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proto::common::v1::{LegProgress, LegState};
use proto::intake::v1::{CaseView, LegView};

use super::text::{instant, left, right, span};
use crate::simulate::data::LoadedBank;

const NAME: usize = 24;
const STATE: usize = 8;
const TIME: usize = 8;
const BAR: usize = 16;

/// What is shown of a bank.
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
        }
    }

    /// SGR colour on a terminal.
    fn colour(self) -> &'static str {
        match self {
            Self::Replied | Self::Offered => "32",
            Self::Question | Self::Declined => "33",
            Self::TimedOut | Self::Late => "31",
            Self::Delivered | Self::Issued => "36",
            Self::NotAsked | Self::Waiting | Self::Closed => "2",
        }
    }

    fn of(leg: &LegView) -> Self {
        match leg.state() {
            LegState::Offered
            | LegState::Selected
            | LegState::Confirmed
            | LegState::Fulfilled
            | LegState::Breached => Self::Offered,
            LegState::Declined => Self::Declined,
            LegState::TimedOut => Self::TimedOut,
            LegState::Released | LegState::Expired | LegState::WithdrawnByInst => Self::Closed,
            // Under the seal there is only the progress.
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested => match leg.progress() {
                LegProgress::Unspecified | LegProgress::Issued => Self::Issued,
                LegProgress::Delivered => Self::Delivered,
                LegProgress::Question => Self::Question,
                LegProgress::Replied => Self::Replied,
                LegProgress::Closed => Self::Closed,
            },
        }
    }
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    shown: Shown,
    issued: Option<DateTime<Utc>>,
    replied: Option<DateTime<Utc>>,
}

/// One bank's line has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) from: Shown,
    pub(super) to: Shown,
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
    pub(super) fn new(asked: &[LoadedBank], not_asked: &LoadedBank, window: Duration) -> Self {
        let line =
            |bank: &LoadedBank, shown| Line { name: bank.name.clone(), shown, issued: None, replied: None };
        let mut lines: Vec<Line> = asked.iter().map(|bank| line(bank, Shown::Waiting)).collect();
        lines.push(line(not_asked, Shown::NotAsked));
        let ids = asked.iter().chain([not_asked]).map(|bank| bank.id.to_string());
        Self { lines, places: ids.zip(0..).collect(), closes: None, window }
    }

    /// Takes over what the desk sees now; returns what has changed, in the order of the lines.
    pub(super) fn update(&mut self, case: &CaseView) -> Vec<Change> {
        self.closes =
            case.header.as_ref().and_then(|header| instant(header.window_closes_at.as_ref())).or(self.closes);
        let mut changes = Vec::new();
        for leg in &case.legs {
            let Some(place) = self.places.get(&leg.institution_id) else { continue };
            let Some(line) = self.lines.get_mut(*place) else { continue };
            line.issued = instant(leg.issued_at.as_ref());
            line.replied = instant(leg.replied_at.as_ref());
            changes.extend(line.show(Shown::of(leg)).map(|change| (*place, change)));
        }
        changes.sort_by_key(|(place, _)| *place);
        changes.into_iter().map(|(_, change)| change).collect()
    }

    /// Marks a bank whose answer came after the window.
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
            let bar = match line.shown {
                Shown::NotAsked => "未设专门部门".to_owned(),
                _ => self.bar(line, now),
            };
            lines.push(format!(
                " {number:>2}  {} {state}{}  {bar}",
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
        let replied = count(&|shown| matches!(shown, Shown::Replied | Shown::Offered | Shown::Declined));
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
    use kernel::InstitutionId;
    use prost_types::Timestamp;
    use proto::catalog::v1::ProductTerms;
    use proto::intake::v1::CaseHeader;
    use uuid::Uuid;

    use super::super::text::width;
    use super::*;

    fn bank(number: u128, name: &str) -> LoadedBank {
        let id = InstitutionId::from_uuid(Uuid::from_u128(number));
        LoadedBank { id, name: name.to_owned(), product_id: String::new(), terms: ProductTerms::default() }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn stamp(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds: 1_700_000_000 + seconds, nanos: 0 })
    }

    fn board() -> Board {
        let banks = [bank(1, "王屋银行济源分行"), bank(2, "中岳科创银行济源科技支行")];
        Board::new(&banks, &bank(3, "济渎村镇银行"), Duration::from_secs(8))
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
            lines[1].contains("已回复")
                && lines[1].contains("2.00 s")
                && lines[1].ends_with("████············")
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
