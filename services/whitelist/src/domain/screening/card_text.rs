//! How a scorecard is written (TOML), and how it becomes one.

use std::collections::BTreeMap;

use kernel::{Grade, Qualification};
use serde::Deserialize;

use super::feature::Feature;
use super::scorecard::{Band, CardError, Dimension, Indicator, Points, Scorecard};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    listing_at: i32,
    grades: Grades,
    term_weights: Weights,
    ip_titles: BTreeMap<String, i32>,
    tech_titles: BTreeMap<String, i32>,
    indicator: Vec<IndicatorText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grades {
    a: i32,
    b: i32,
    c: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    invention: i64,
    utility: i64,
    design: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndicatorText {
    code: String,
    dimension: String,
    name: String,
    points: i32,
    input: String,
    bands: Vec<BandText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandText {
    from: Option<i32>,
    ratio: i32,
    text: String,
}

impl Scorecard {
    /// Reads and checks a whole card.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<CardError>> {
        let text: Text =
            toml::from_str(text).map_err(|error| vec![CardError::Unreadable(error.to_string())])?;
        let mut faults = Vec::new();
        let indicators = text.indicator.into_iter().filter_map(|one| {
            let (dimension, input) = (Dimension::from_code(&one.dimension), Feature::from_code(&one.input));
            if dimension.is_none() {
                faults.push(CardError::Unknown(one.dimension));
            }
            if input.is_none() {
                faults.push(CardError::Unknown(one.input));
            }
            Some(Indicator {
                code: one.code,
                dimension: dimension?,
                name: one.name,
                points: Points::of(one.points),
                input: input?,
                bands: one.bands.into_iter().map(band).collect(),
            })
        });
        let indicators = indicators.collect();
        let ip_titles = titles(text.ip_titles, &mut faults);
        let tech_titles = titles(text.tech_titles, &mut faults);
        let least = |grade, points| (grade, Points::of(points));
        let card = Self {
            indicators,
            grades: [
                least(Grade::A, text.grades.a),
                least(Grade::B, text.grades.b),
                least(Grade::C, text.grades.c),
            ],
            listing_at: Points::of(text.listing_at),
            term_weights: [text.term_weights.invention, text.term_weights.utility, text.term_weights.design],
            ip_titles,
            tech_titles,
        };
        faults.extend(card.faults());
        if faults.is_empty() { Ok(card) } else { Err(faults) }
    }
}

fn band(text: BandText) -> Band {
    Band { from: text.from.unwrap_or(i32::MIN), ratio_bp: text.ratio, text: text.text }
}

fn titles(written: BTreeMap<String, i32>, faults: &mut Vec<CardError>) -> BTreeMap<Qualification, i32> {
    let known = written.into_iter().filter_map(|(code, level)| match Qualification::from_code(&code) {
        Some(held) => Some((held, level)),
        None => {
            faults.push(CardError::Unknown(code));
            None
        }
    });
    known.collect()
}
