//! Text files in UTF-8 and GB18030: which one it is, and its characters.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use encoding_rs::{DecoderResult, GB18030, UTF_8};

use super::fault::FileFault;

/// How a text file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// With or without a byte order mark.
    Utf8,
    Gb18030,
}

/// Bytes that are looked at in one go.
const CHUNK: usize = 64 * 1024;

/// The encoding of a whole file: UTF-8 if all of it is, else GB18030. Counts the bytes on the way.
pub(crate) fn detect<R: Read + Seek>(source: &mut R, max: u64) -> Result<Encoding, FileFault> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut bytes = vec![0; CHUNK];
    let mut text = vec![0; CHUNK * 3 + 16];
    let (mut total, mut good) = (0_u64, true);
    loop {
        let read = fill(source, &mut bytes)?;
        if total == 0 {
            let head = &bytes[..read];
            if head.is_empty() {
                return Err(FileFault::Empty);
            }
            if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
                return Err(FileFault::EncodingUnsupported);
            }
            if head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
                return Err(FileFault::NotCsv);
            }
        }
        total += read as u64;
        if total > max {
            return Err(FileFault::TooLarge { max });
        }
        if good {
            let last = read < bytes.len();
            let (result, _, _) = decoder.decode_to_utf8_without_replacement(&bytes[..read], &mut text, last);
            good = matches!(result, DecoderResult::InputEmpty);
        }
        if read < bytes.len() {
            break;
        }
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(if good { Encoding::Utf8 } else { Encoding::Gb18030 })
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn fill<R: Read>(source: &mut R, buffer: &mut [u8]) -> Result<usize, FileFault> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

/// Characters of a file, a piece at a time. A byte order mark is dropped.
pub(crate) struct Pieces<R> {
    source: R,
    decoder: encoding_rs::Decoder,
    bytes: Vec<u8>,
    text: String,
    /// Lines that are behind the pieces given so far, for the place of a fault.
    lines: u64,
    ended: bool,
}

impl<R: Read> Pieces<R> {
    pub(crate) fn new(source: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => UTF_8.new_decoder_with_bom_removal(),
            Encoding::Gb18030 => GB18030.new_decoder_with_bom_removal(),
        };
        // Every byte becomes three at most; more room than that is never needed.
        let text = String::with_capacity(CHUNK * 3 + 16);
        Self { source, decoder, bytes: vec![0; CHUNK], text, lines: 0, ended: false }
    }

    /// The next piece; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&str>, FileFault> {
        if self.ended {
            return Ok(None);
        }
        self.lines += self.text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.text.clear();
        let read = fill(&mut self.source, &mut self.bytes)?;
        self.ended = read < self.bytes.len();
        let (result, _) = self.decoder.decode_to_string_without_replacement(
            &self.bytes[..read],
            &mut self.text,
            self.ended,
        );
        match result {
            DecoderResult::InputEmpty => Ok(Some(&self.text)),
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => {
                let seen = self.text.bytes().filter(|byte| *byte == b'\n').count() as u64;
                Err(FileFault::WrongEncoding { line: self.lines + seen + 1 })
            }
        }
    }
}

/// `text` in GB18030; `None` if a character has no place in it. Characters of private use change on their way back: the
/// standard's editions differ in them.
pub(crate) fn to_gb18030(text: &str) -> Option<Vec<u8>> {
    if text.contains(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)) {
        return None;
    }
    let mut encoder = GB18030.new_encoder();
    let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
    let mut bytes = Vec::with_capacity(most);
    let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
    matches!(result, encoding_rs::EncoderResult::InputEmpty).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_encoding_is_found_out_from_the_whole_file() {
        let detect = |bytes: &[u8]| detect(&mut Cursor::new(bytes), 1 << 20);
        assert_eq!(detect("企业".as_bytes()).unwrap(), Encoding::Utf8);
        assert_eq!(detect(&to_gb18030("企业").unwrap()).unwrap(), Encoding::Gb18030);
        // One character of GB18030 at the very end decides.
        let late = [vec![b'x'; 200_000], to_gb18030("企").unwrap()].concat();
        assert_eq!(detect(&late).unwrap(), Encoding::Gb18030);
        assert_eq!(detect(&[]).unwrap_err().code(), "FILE_EMPTY");
        assert_eq!(detect(&[0xff, 0xfe, b'a', 0]).unwrap_err().code(), "ENCODING_UNSUPPORTED");
        assert_eq!(detect(&vec![b'x'; 2 << 20]).unwrap_err().code(), "FILE_TOO_LARGE");
        assert_eq!(detect(b"PK\x03\x04rest").unwrap_err().code(), "FILE_NOT_CSV");
    }

    #[test]
    fn bytes_of_neither_encoding_are_told_with_their_line() {
        let mut pieces = Pieces::new(&b"a\nb\n\xff\xff"[..], Encoding::Gb18030);
        let fault = pieces.next().unwrap_err();
        assert_eq!((fault.code(), fault.place().as_deref()), ("ENCODING_WRONG", Some("第3行")));
    }
}
