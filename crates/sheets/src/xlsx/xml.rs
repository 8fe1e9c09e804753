//! The markup of a part, an event at a time: no document types, no entities but the five of XML and characters.

use quick_xml::{
    Error, Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};

use super::package::{Part, Trip};
use crate::fault::FileFault;

pub(super) struct Markup<'a> {
    reader: Reader<Part<'a>>,
    buffer: Vec<u8>,
    part: &'static str,
}

impl<'a> Markup<'a> {
    /// `part` is what a fault is told of.
    pub(super) fn new(source: Part<'a>, part: &'static str) -> Self {
        let mut reader = Reader::from_reader(source);
        let config = reader.config_mut();
        config.check_end_names = true;
        config.expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), part }
    }

    /// The next event. Each element comes with its end.
    ///
    /// # Errors
    /// A limit, a document type, or markup that is none; `TooLong` stands for a piece that is too long: who knows the
    /// cell says which.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Trouble> {
        self.buffer.clear();
        self.reader.get_mut().next_piece();
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::DocType(_)) => Err(Trouble::Fault(FileFault::Entities { part: self.part })),
            Ok(event) => Ok(event),
            Err(error) => Err(match (self.reader.get_mut().tripped(), error) {
                (Some(Trip::Bomb), _) => Trouble::Fault(FileFault::Bomb),
                (Some(Trip::Piece), _) => Trouble::TooLong,
                (None, Error::Io(_)) => Trouble::Fault(FileFault::Truncated),
                (None, _) => Trouble::Fault(FileFault::Broken { part: self.part }),
            }),
        }
    }
}

/// Adds what a reference in `part` stands for.
pub(super) fn resolve(
    part: &'static str,
    reference: &BytesRef<'_>,
    text: &mut String,
) -> Result<(), FileFault> {
    if reference.is_char_ref() {
        match reference.resolve_char_ref() {
            Ok(Some(c)) => text.push(c),
            Ok(None) | Err(_) => return Err(FileFault::Broken { part }),
        }
        return Ok(());
    }
    text.push(match &*reference.xml10_content() {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return Err(FileFault::Entities { part }),
    });
    Ok(())
}

/// The value of an attribute by its local name.
pub(super) fn attribute(
    part: &'static str,
    element: &BytesStart<'_>,
    name: &str,
) -> Result<Option<String>, FileFault> {
    let broken = FileFault::Broken { part };
    for attribute in element.attributes().with_checks(false) {
        let Ok(attribute) = attribute else { return Err(broken) };
        if attribute.key.local_name().as_ref() == name {
            let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else { return Err(broken) };
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Why there is no next event.
pub(super) enum Trouble {
    Fault(FileFault),
    TooLong,
}

impl Trouble {
    /// For parts that have no cells: nothing in them is ever that long.
    pub(super) fn fault(self) -> FileFault {
        match self {
            Self::Fault(fault) => fault,
            Self::TooLong => FileFault::Bomb,
        }
    }
}
