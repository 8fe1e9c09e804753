//! Takes out of a transcript what differs between any two runs: random ids, the case's number, times. What stays is the
//! form of an id, and which ids are the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::wire::Value;

const ID: usize = 36;

/// Names for ids in the order in which they were seen.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    ids: Vec<Uuid>,
    cases: Vec<String>,
}

impl Mask {
    /// The text with ids, numbers of cases and instants replaced.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            if let Some(id) = rest.get(..ID).and_then(|head| head.parse::<Uuid>().ok()) {
                out.push_str(&self.id(id));
                rest = &rest[ID..];
            } else if let Some(number) = case_number(rest) {
                let at = position(&mut self.cases, number.to_owned());
                out.push_str(&format!("<case {at}>"));
                rest = &rest[number.len()..];
            } else if let Some(length) = instant(rest) {
                out.push_str("<time>");
                rest = &rest[length..];
            } else {
                out.push(sign);
                rest = &rest[sign.len_utf8()..];
            }
        }
        match token(&out) {
            Some(inside) => format!("<token {}>", self.text(&inside)),
            None => out,
        }
    }

    fn id(&mut self, id: Uuid) -> String {
        let at = position(&mut self.ids, id);
        format!("<id {at} v{}>", id.get_version_num())
    }

    /// Ids that are not random, because their version carries a time or a name, beside those that the bank knew before.
    pub(crate) fn ordered(&self, known: &[String]) -> Vec<String> {
        let ordered = self.ids.iter().filter(|id| id.get_version_num() != 4).map(Uuid::to_string);
        ordered.filter(|id| !known.contains(id)).collect()
    }

    /// A message as lines of a transcript, one for each field.
    pub(crate) fn lines(&mut self, fields: &[(u64, Value)], depth: usize, out: &mut Vec<String>) {
        let pad = "  ".repeat(depth);
        for (field, value) in fields {
            match value {
                Value::Message(inner) => {
                    out.push(format!("{pad}{field} {{"));
                    self.lines(inner, depth + 1, out);
                    out.push(format!("{pad}}}"));
                }
                Value::Text(text) => out.push(format!("{pad}{field}: {:?}", self.text(text))),
                Value::Time => out.push(format!("{pad}{field}: <time>")),
                Value::Varint(number) => out.push(format!("{pad}{field}: {number}")),
                Value::Fixed64(number) => out.push(format!("{pad}{field}: {number} (64)")),
                Value::Fixed32(number) => out.push(format!("{pad}{field}: {number} (32)")),
                Value::Bytes(bytes) => out.push(format!("{pad}{field}: {bytes:02x?}")),
            }
        }
    }
}

fn position<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|other| *other == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// `RZ419001` and digits, domain.md §2.7.
fn case_number(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("RZ419001")?.chars().take_while(char::is_ascii_digit).count();
    (digits >= 10).then(|| &text[..8 + digits])
}

/// `2026-01-02T03:04:05.678Z`, as far as it goes.
fn instant(text: &str) -> Option<usize> {
    let form = "dddd-dd-ddTdd:dd:dd";
    let head = text.get(..form.len())?;
    let fits = |(sign, wanted): (char, char)| {
        if wanted == 'd' { sign.is_ascii_digit() } else { sign == wanted }
    };
    let fits = head.chars().zip(form.chars()).all(fits);
    let tail =
        text[form.len()..].chars().take_while(|sign| sign.is_ascii_digit() || ".Z+:".contains(*sign)).count();
    fits.then_some(form.len() + tail)
}

/// What a page token says when it is opened: nothing in it may be hidden from the comparison.
fn token(text: &str) -> Option<String> {
    if text.len() < 20 || !text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign)) {
        return None;
    }
    let inside = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    (!inside.chars().any(char::is_control)).then_some(inside)
}

#[test]
fn ids_keep_their_form_and_their_sameness_and_tokens_are_opened() {
    let mut mask = Mask::default();
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let seen = mask.text(&format!("assignments/{one}, {two}, {one}"));
    assert_eq!(seen, "assignments/<id 0 v4>, <id 1 v4>, <id 0 v4>");
    let opened = mask.text(&URL_SAFE_NO_PAD.encode(format!("[\"{two}\",true,\"2026-01-02T03:04:05.678Z\"]")));
    assert_eq!(opened, "<token [\"<id 1 v4>\",true,\"<time>\"]>");
    assert_eq!(mask.text("RZ4190012022091500073 ok"), "<case 0> ok");
    assert_eq!(mask.ordered(&[]), Vec::<String>::new());
    let timed = "01890a5d-ac96-774b-bcce-b302099a8057";
    mask.text(timed);
    assert_eq!(mask.ordered(&[]), [timed]);
    assert_eq!(mask.ordered(&[timed.to_owned()]), Vec::<String>::new());
}
