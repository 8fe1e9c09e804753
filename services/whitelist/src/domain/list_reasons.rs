//! The reasons of a grade as institutions are given them (评级理由): which indicators speak for the enterprise, which against
//! it, and of which nothing is known. Never the inputs, never the points (domain.md §7).

use super::screening::{Features, Reason, Scorecard};

/// From which ratio on an indicator is a strength, and up to which a weakness.
const STRENGTH_BP: i32 = 8_000;
const WEAKNESS_BP: i32 = 2_000;

/// Which way an indicator speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaning {
    Strength,
    Weakness,
    Missing,
}

impl Leaning {
    pub fn code(self) -> &'static str {
        match self {
            Self::Strength => "STRENGTH",
            Self::Weakness => "WEAKNESS",
            Self::Missing => "MISSING",
        }
    }

    const fn sign(self) -> char {
        match self {
            Self::Strength => '+',
            Self::Weakness => '-',
            Self::Missing => '?',
        }
    }

    fn from_sign(sign: char) -> Option<Self> {
        [Self::Strength, Self::Weakness, Self::Missing].into_iter().find(|one| one.sign() == sign)
    }
}

/// One reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListReason {
    pub code: String,
    pub leaning: Leaning,
    pub text: String,
}

/// In short, as lists keep them: `A1+ B3?`, in the card's order.
pub fn short(card: &Scorecard, features: &Features) -> String {
    let score = card.evaluate(features);
    let leanings = score.lines.iter().filter_map(|line| {
        let ratio = line.band.map_or(0, |band| band.ratio_bp);
        let leaning = match line.reason {
            Reason::Missing => Leaning::Missing,
            _ if ratio >= STRENGTH_BP => Leaning::Strength,
            _ if ratio <= WEAKNESS_BP => Leaning::Weakness,
            _ => return None,
        };
        Some(format!("{}{}", line.indicator.code, leaning.sign()))
    });
    leanings.collect::<Vec<_>>().join(" ")
}

/// In words, by the card that they are of. What the card does not know is left out.
pub fn in_words(card: &Scorecard, short: &str) -> Vec<ListReason> {
    let reason = |one: &str| {
        let leaning = one.chars().next_back().and_then(Leaning::from_sign)?;
        let code = one.get(..one.len() - 1)?;
        let name = &card.indicators.iter().find(|indicator| indicator.code == code)?.name;
        let text = match leaning {
            Leaning::Strength => format!("{name}：表现较好"),
            Leaning::Weakness => format!("{name}：表现较弱"),
            Leaning::Missing => format!("{name}：缺少资料"),
        };
        Some(ListReason { code: code.to_owned(), leaning, text })
    };
    short.split_ascii_whitespace().filter_map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::screening::Feature;

    #[test]
    fn reasons_say_which_way_and_never_how_much() {
        let text = include_str!("../../migrations/0241_rulebook_first.sql");
        let card = Scorecard::parse(text.split("$card$").nth(1).unwrap()).unwrap();
        let mut features = Features::default();
        features.set(Feature::ValidInventions, Some(4));
        features.set(Feature::OtherRights, Some(4_711));
        features.set(Feature::DebtRatio, Some(9_137));
        features.set(Feature::RdIntensity, Some(250));
        let short = short(&card, &features);
        assert!(short.starts_with("A1+ A2+ A3? "), "{short}");
        assert!(short.contains("D2-") && !short.contains("B1"), "{short}");
        let words = in_words(&card, &short);
        assert_eq!(words.len(), 19);
        assert_eq!(
            (words[0].code.as_str(), words[0].leaning, words[0].text.as_str()),
            ("A1", Leaning::Strength, "有效发明专利：表现较好")
        );
        for word in &words {
            let inputs = ["4711", "47.11", "91.37", "9137", "%", "分"];
            assert!(inputs.iter().all(|input| !word.text.contains(input)), "{}", word.text);
        }
        assert!(in_words(&card, "Z9+ x + ").is_empty());
    }
}
