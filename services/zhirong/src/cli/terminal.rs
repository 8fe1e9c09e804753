//! Text for the person at the terminal. Whoever reads it may go away (`zhirong roles | head`): that is no fault.

use std::fmt::Display;
use std::io::Write as _;

/// A line of the command's result.
pub(super) fn say(line: impl Display) {
    let _gone = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line beside the result: hints and troubles.
pub(super) fn remark(line: impl Display) {
    let _gone = writeln!(std::io::stderr().lock(), "{line}");
}
