//! Protobuf without a schema: what is on the wire is compared, also what no type of ours knows.

/// One field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Text(String),
    Bytes(Vec<u8>),
    /// A `google.protobuf.Timestamp`: when it is, is timing.
    Time,
    Message(Vec<(u64, Value)>),
}

/// Seconds that a timestamp of these years has: 2001 to 2100.
const TIMES: std::ops::Range<u64> = 978_307_200..4_102_444_800;

/// Reads a message; `None` if these bytes are none.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Vec<(u64, Value)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let (field, kind) = (tag >> 3, tag & 7);
        if field == 0 {
            return None;
        }
        let value = match kind {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => Value::Fixed64(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                delimited(take(&mut bytes, length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?)),
            _ => return None,
        };
        fields.push((field, value));
    }
    Some(fields)
}

/// Text before message: a message of ours has a tag or a length that no text has.
fn delimited(bytes: &[u8]) -> Value {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(char::is_control)
    {
        return Value::Text(text.to_owned());
    }
    match read(bytes) {
        Some(fields) if is_time(&fields) => Value::Time,
        Some(fields) => Value::Message(fields),
        None => Value::Bytes(bytes.to_vec()),
    }
}

fn is_time(fields: &[(u64, Value)]) -> bool {
    match fields {
        [(1, Value::Varint(seconds))] => TIMES.contains(seconds),
        [(1, Value::Varint(seconds)), (2, Value::Varint(nanos))] => {
            TIMES.contains(seconds) && *nanos < 1_000_000_000
        }
        _ => false,
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head)
}

#[test]
fn a_message_is_read_without_its_schema_and_times_are_known() {
    use prost::Message as _;
    use proto::partner::v1::{Assignment, ListAssignmentsResponse};

    let create_time = Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 5 });
    let one = Assignment { name: "assignments/x".to_owned(), state: 2, create_time, ..Assignment::default() };
    let page = ListAssignmentsResponse { assignments: vec![one], next_page_token: "abc".to_owned() };
    let fields = read(&page.encode_to_vec()).unwrap();
    let expected = Value::Message(vec![
        (1, Value::Text("assignments/x".to_owned())),
        (3, Value::Varint(2)),
        (6, Value::Time),
    ]);
    assert_eq!(fields, [(1, expected), (2, Value::Text("abc".to_owned()))]);
    assert_eq!(read(&[0xff]), None);
}
