//! Rust source taken apart as far as the rules need it: code without comments and texts, and the texts.

/// `code` has every comment and the inside of every literal blanked, line breaks kept.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) code: String,
    /// String literals with the line that they begin on, counted from 1.
    pub(crate) texts: Vec<(usize, String)>,
}

pub(crate) fn lex(source: &str) -> Lexed {
    let mut lexer = Lexer { rest: source, line: 1, out: Lexed::default() };
    while let Some(next) = lexer.rest.chars().next() {
        lexer.token(next);
    }
    lexer.out
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    out: Lexed,
}

impl Lexer<'_> {
    fn token(&mut self, next: char) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.blank(end_of_block_comment(rest));
        } else if let Some(hashes) = raw_string(rest) {
            let open = rest.find('"').unwrap() + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            let length = rest[open..].find(&end).unwrap_or(rest.len() - open);
            self.text(open, length, end.len());
        } else if next == '"' {
            self.text(1, end_of_string(&rest[1..]), 1);
        } else if let Some(length) = char_literal(rest) {
            self.blank(length);
        } else {
            // An identifier is taken whole, so that the r in `for"` begins no raw string.
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            self.keep(word.max(next.len_utf8()));
        }
    }

    fn keep(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.out.code.push_str(taken);
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.out.code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn text(&mut self, open: usize, length: usize, close: usize) {
        self.out.texts.push((self.line, self.rest[open..open + length].to_owned()));
        self.blank((open + length + close).min(self.rest.len()));
    }
}

fn end_of_block_comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().unwrap().len_utf8();
        }
    }
    rest.len()
}

/// The number of `#` if a raw string begins here.
fn raw_string(rest: &str) -> Option<usize> {
    let after = ["br", "cr", "r"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn end_of_string(inside: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    inside.len().saturating_sub(1)
}

/// The length of a character literal that begins here; a quote that begins none is a lifetime's.
fn char_literal(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    // After a backslash, the next character closes nothing, even if it is a quote.
    let length = if first == '\\' { 2 + inside.get(2..)?.find('\'')? } else { first.len_utf8() };
    inside[length..].starts_with('\'').then_some(length + 2)
}

/// Whether `word` occurs in `code` as a word or path of its own.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part)
            && !code[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[test]
fn comments_and_texts_are_blanked_and_texts_are_found() {
    let source = "let a = 'x'; // SELECT 1\nlet b: &'static str = \"to\\\"do\"; /* a /* b */ c */ let c = r#\"raw \"x\" \"#;";
    let lexed = lex(source);
    assert_eq!(lexed.texts, [(2, "to\\\"do".to_owned()), (2, "raw \"x\" ".to_owned())]);
    assert!(!lexed.code.contains("SELECT") && !lexed.code.contains("raw") && !lexed.code.contains("b */"));
    assert!(
        lexed.code.contains("&'static str") && lexed.code.ends_with("let c =              ;"),
        "{:?}",
        lexed.code
    );
}

#[test]
fn quotes_in_character_literals_begin_no_text() {
    let lexed = lex("match c { '\"' => 1, '\\'' => 2, '\\\\' => 3, '\\u{9}' => 4, '。' => 5, _ => dbg }");
    assert_eq!(lexed.texts, []);
    assert!(lexed.code.contains("dbg"));
}

#[test]
fn a_word_is_not_found_inside_another() {
    assert!(
        has_word("pub async fn", "async")
            && has_word("a.await", "await")
            && has_word("Utc::now()", "Utc::now")
    );
    assert!(!has_word("asynchronous", "async") && !has_word("my_async", "async"));
}
