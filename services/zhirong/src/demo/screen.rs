//! Where the demo speaks: a terminal that is redrawn in place, or plain lines where there is none.

use std::io::{IsTerminal as _, Write as _};

/// Cursor up, and the rest of the screen cleared; no wrapping of long lines while a board is redrawn; cursor hidden.
const BEGIN_BOARD: &str = "\x1b[?25l\x1b[?7l";
const END_BOARD: &str = "\x1b[?7h\x1b[?25h";

#[derive(Debug)]
pub(super) struct Screen {
    live: bool,
    /// Lines of the board that is on the screen now.
    drawn: usize,
}

impl Screen {
    /// Live on a terminal that can move its cursor.
    pub(super) fn detect() -> Self {
        let able = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        Self { live: able && std::io::stdout().is_terminal(), drawn: 0 }
    }

    /// Whether boards are redrawn in place.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// A line that stays.
    pub(super) fn say(&mut self, text: &str) {
        line(text);
    }

    pub(super) fn say_all<L: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = L>) {
        for line in lines {
            self.say(line.as_ref());
        }
    }

    /// A heading with an empty line before it.
    pub(super) fn head(&mut self, number: usize, chinese: &str, english: &str) {
        let title = format!("{number}. {chinese} ({english})");
        self.say("");
        self.say(&if self.live { format!("\x1b[1m{title}\x1b[0m") } else { title });
    }

    /// Draws the board in the place of the one before; without a terminal it is not drawn at all.
    pub(super) fn board(&mut self, lines: &[String]) {
        if !self.live {
            return;
        }
        let mut out = String::from(BEGIN_BOARD);
        if self.drawn > 0 {
            out.push_str(&format!("\x1b[{}A", self.drawn));
        }
        for line in lines {
            out.push_str(&format!("\r\x1b[2K{line}\n"));
        }
        out.push_str("\x1b[0J");
        self.drawn = lines.len();
        write(&out);
    }

    /// Leaves the board on the screen; what follows comes below it.
    pub(super) fn keep_board(&mut self) {
        if self.live && self.drawn > 0 {
            write(END_BOARD);
        }
        self.drawn = 0;
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.keep_board();
    }
}

/// A line that stays, for what happens beside the one who holds the screen; never while a board is drawn.
pub(super) fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// A reader that has gone away does not want the rest; the exit code still tells how it went.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
