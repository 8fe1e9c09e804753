//! Charts as SVG, drawn here: no script, no inline style. Colours come from the style sheet by class.

use std::fmt::Write as _;

/// One line of a chart over days.
pub(super) struct Series<'a> {
    pub(super) class: &'a str,
    pub(super) values: Vec<i64>,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;
/// Labels under the days.
const LABELS: usize = 8;

/// Lines over days, the first day on the left.
pub(super) fn lines(days: &[String], series: &[Series<'_>], what: &str) -> String {
    let most = series.iter().flat_map(|one| &one.values).copied().max().unwrap_or(0);
    let (top, step) = scale(most);
    let wide = WIDTH - LEFT - RIGHT;
    let high = HEIGHT - TOP - BOTTOM;
    let last = days.len().saturating_sub(1).max(1);
    let x = |at: usize| LEFT + wide * f(at) / f(last);
    let y = |value: i64| TOP + high * (1.0 - n(value) / n(top));
    let mut svg = opening(WIDTH, HEIGHT, what);
    let mut mark = 0;
    while mark <= top {
        let at = y(mark);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" y1="{at:.1}" x2="{:.1}" y2="{at:.1}"/><text class="axis" x="{:.1}" y="{:.1}" text-anchor="end">{mark}</text>"#,
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
        mark += step;
    }
    let every = days.len().div_ceil(LABELS).max(1);
    for (at, day) in days.iter().enumerate().filter(|(at, _)| at % every == 0) {
        let label = day.get(5..).unwrap_or(day);
        let _ = write!(
            svg,
            r#"<text class="axis" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            x(at),
            HEIGHT - 10.0,
            escaped(label)
        );
    }
    for one in series {
        let points: Vec<String> = one
            .values
            .iter()
            .enumerate()
            .map(|(at, value)| format!("{:.1},{:.1}", x(at), y(*value)))
            .collect();
        let _ = write!(svg, r#"<polyline class="line {}" points="{}"/>"#, one.class, points.join(" "));
        for (at, value) in one.values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let _ = write!(
                svg,
                r#"<circle class="dot {}" cx="{:.1}" cy="{:.1}" r="2.6"><title>{} {value}</title></circle>"#,
                one.class,
                x(at),
                y(*value),
                escaped(days.get(at).map_or("", String::as_str))
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A bar: what it is of, how long, and how it is written.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) value: i64,
}

const ROW: f64 = 30.0;
const NAMES: f64 = 112.0;
const VALUES: f64 = 64.0;
const BARS: f64 = 430.0;

/// Horizontal bars under each other.
pub(super) fn bars(bars: &[Bar], what: &str) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let wide = BARS - NAMES - VALUES;
    let high = ROW * f(bars.len()) + 4.0;
    let mut svg = opening(BARS, high, what);
    for (at, bar) in bars.iter().enumerate() {
        let top = ROW * f(at) + 5.0;
        let long = (wide * n(bar.value) / n(most)).max(if bar.value > 0 { 2.0 } else { 0.0 });
        let _ = write!(
            svg,
            r#"<text class="name" x="{:.1}" y="{:.1}" text-anchor="end">{}</text><rect class="track" x="{NAMES}" y="{top:.1}" width="{wide:.1}" height="20" rx="3"/><rect class="bar {}" x="{NAMES}" y="{top:.1}" width="{long:.1}" height="20" rx="3"/><text class="value" x="{:.1}" y="{:.1}">{}</text>"#,
            NAMES - 10.0,
            top + 15.0,
            escaped(&bar.name),
            bar.class,
            BARS - VALUES + 10.0,
            top + 15.0,
            bar.value
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Parts of one whole beside each other; those of nothing are left out.
pub(super) fn stack(parts: &[Bar], what: &str) -> String {
    const WIDE: f64 = 900.0;
    const HIGH: f64 = 20.0;
    let total: i64 = parts.iter().map(|part| part.value).sum();
    let mut svg = opening(WIDE, HIGH, what);
    let mut left = 0.0;
    for part in parts.iter().filter(|part| part.value > 0) {
        let wide = WIDE * n(part.value) / n(total.max(1));
        let _ = write!(
            svg,
            r#"<rect class="bar {}" x="{left:.1}" y="0" width="{:.1}" height="{HIGH}"><title>{} {}</title></rect>"#,
            part.class,
            (wide - 1.5).max(1.0),
            escaped(&part.name),
            part.value
        );
        left += wide;
    }
    svg.push_str("</svg>");
    svg
}

fn opening(wide: f64, high: f64, what: &str) -> String {
    format!(
        r#"<svg class="chart" viewBox="0 0 {wide:.0} {high:.0}" role="img" aria-label="{}" preserveAspectRatio="xMinYMid meet">"#,
        escaped(what)
    )
}

/// The end of the axis and the step of its marks: 1, 2 or 5 times a power of ten, about five of them.
fn scale(most: i64) -> (i64, i64) {
    let rough = (most.max(1) + 4) / 5;
    let mut power = 1;
    while power * 10 <= rough {
        power *= 10;
    }
    let step = [1, 2, 5, 10].into_iter().map(|times| times * power).find(|step| *step >= rough);
    let step = step.unwrap_or(power * 10);
    let marks = (most.max(1) + step - 1) / step;
    (marks * step, step)
}

/// Counts are small: a float holds them exactly.
#[expect(clippy::cast_precision_loss, reason = "counts of cases and days are far below 2^53")]
const fn n(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of cases and days are far below 2^53")]
const fn f(value: usize) -> f64 {
    value as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number_above_the_most() {
        for (most, wanted) in
            [(0, (1, 1)), (3, (3, 1)), (7, (8, 2)), (23, (25, 5)), (100, (100, 20)), (734, (800, 200))]
        {
            assert_eq!(scale(most), wanted, "{most}");
        }
    }

    #[test]
    fn names_are_escaped_and_nothing_is_styled_inline() {
        let bar = Bar { name: "<b>&\"".to_owned(), class: "good", value: 3 };
        let svg = bars(&[bar], "按<状态>");
        assert!(svg.contains("&lt;b&gt;&amp;&quot;") && svg.contains("按&lt;状态&gt;"));
        assert!(!svg.contains("style="));
        assert!(!lines(&[], &[], "空").contains("NaN"));
        assert!(!stack(&[], "空").contains("NaN"));
    }
}
