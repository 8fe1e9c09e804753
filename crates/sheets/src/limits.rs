//! How much of a file is read at most.

/// Limits of one reading. All of them are counted while reading: what a file says of itself is not believed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Rows below the header.
    pub rows: u32,
    pub columns: usize,
    /// Characters in a cell.
    pub cell_chars: usize,
    /// Parts in the ZIP directory of a workbook.
    pub parts: u64,
    /// Bytes of one part after inflating.
    pub part_bytes: u64,
    /// Bytes of all parts that are read, after inflating.
    pub total_bytes: u64,
    /// How many times its packed size a part may inflate to, once it is above 16 MiB.
    pub ratio: u64,
    /// Bytes of text in the table of shared strings.
    pub strings_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            rows: 1_000_000,
            columns: 256,
            cell_chars: 32_767,
            parts: 2_000,
            part_bytes: 3 << 29,
            total_bytes: 2 << 30,
            ratio: 200,
            strings_bytes: 160 << 20,
        }
    }
}
