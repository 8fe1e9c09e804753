//! Lines of `COPY … FROM STDIN` in text format.

use std::fmt::{Display, Write as _};

use chrono::NaiveDate;
use uuid::Uuid;

/// A growing piece of lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    started: bool,
}

impl Lines {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What was written so far; begins anew.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text).into_bytes()
    }

    /// The end of the last whole line, to come back to.
    pub(super) fn mark(&self) -> usize {
        self.text.len()
    }

    /// Forgets what was written since [`Lines::mark`].
    pub(super) fn back_to(&mut self, mark: usize) {
        self.text.truncate(mark);
        self.started = false;
    }

    fn next(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            self.text.push('\t');
        }
    }

    pub(super) fn end(&mut self) {
        self.text.push('\n');
        self.started = false;
    }

    pub(super) fn text(&mut self, value: &str) {
        self.next();
        escaped(&mut self.text, value);
    }

    /// What needs no escaping: numbers, dates, ids.
    pub(super) fn plain(&mut self, value: impl Display) {
        self.next();
        let _ = write!(self.text, "{value}");
    }

    pub(super) fn id(&mut self, id: Uuid) {
        self.next();
        let mut buffer = Uuid::encode_buffer();
        self.text.push_str(id.hyphenated().encode_lower(&mut buffer));
    }

    fn null(&mut self) {
        self.next();
        self.text.push_str("\\N");
    }

    pub(super) fn opt_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    pub(super) fn opt(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    pub(super) fn date(&mut self, value: Option<NaiveDate>) {
        self.opt(value);
    }

    pub(super) fn texts<S: AsRef<str>>(&mut self, values: impl IntoIterator<Item = S>) {
        self.next();
        self.text.push('{');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push('"');
            let value = value.as_ref();
            if value.contains(['"', '\\']) {
                // Escaped twice: as an element of an array, and as a field of the line.
                escaped(&mut self.text, &value.replace('\\', "\\\\").replace('"', "\\\""));
            } else {
                escaped(&mut self.text, value);
            }
            self.text.push('"');
        }
        self.text.push('}');
    }

    pub(super) fn numbers<N: Display>(&mut self, values: impl IntoIterator<Item = Option<N>>) {
        self.next();
        self.text.push('{');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            match value {
                Some(value) => {
                    let _ = write!(self.text, "{value}");
                }
                None => self.text.push_str("NULL"),
            }
        }
        self.text.push('}');
    }
}

fn escaped(out: &mut String, value: &str) {
    if !value.contains(['\\', '\t', '\n', '\r']) {
        out.push_str(value);
        return;
    }
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_so_that_the_server_reads_them_back() {
        let mut lines = Lines::default();
        lines.text("a\tb\\c");
        lines.opt_text(None);
        lines.opt(Some(-5));
        lines.texts(["甲\"乙", "c:\\d", ""]);
        lines.numbers([Some(1), None]);
        lines.end();
        lines.plain(1);
        lines.end();
        let wanted = "a\\tb\\\\c\t\\N\t-5\t{\"甲\\\\\"乙\",\"c:\\\\\\\\d\",\"\"}\t{1,NULL}\n1\n";
        assert_eq!(String::from_utf8(lines.take()).unwrap(), wanted);
        assert_eq!(lines.len(), 0);
    }
}
