//! Why a file cannot be used at all, and why one cannot be written.

/// What is wrong with a file as a whole. Holds places, never contents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    #[error("the file is empty")]
    Empty,
    #[error("the file has more than {max} bytes")]
    TooLarge { max: u64 },
    #[error("the file is no workbook")]
    NotXlsx,
    #[error("the file is a workbook of the former format or is encrypted")]
    LegacyOrEncrypted,
    #[error("the file looks like a workbook, not like CSV")]
    NotCsv,
    #[error("the workbook is cut off or damaged")]
    Truncated,
    #[error("the part {part} of the workbook is damaged")]
    Broken { part: &'static str },
    #[error("the workbook has more than {max} parts")]
    TooManyParts { max: u64 },
    #[error("the workbook inflates beyond its limits")]
    Bomb,
    #[error("the part {part} of the workbook declares a document type or an entity")]
    Entities { part: &'static str },
    #[error("the workbook refers to other workbooks")]
    ExternalLinks,
    #[error("the workbook holds macros")]
    Macros,
    #[error("the workbook has no visible sheet")]
    NoSheet,
    #[error("the workbook has no visible sheet of this name")]
    SheetUnknown,
    #[error("there are more than {max} rows")]
    TooManyRows { max: u32 },
    #[error("{place} lies beyond column {max}")]
    TooManyColumns { place: String, max: usize },
    #[error("{place} has more than {max} characters")]
    CellTooLong { place: String, max: usize },
    #[error("line {line} is not in the encoding of the file")]
    WrongEncoding { line: u64 },
    #[error("the encoding is not supported")]
    EncodingUnsupported,
    #[error("line {line} holds a NUL")]
    Nul { line: u64 },
    #[error("the quotation mark of line {line} has no end")]
    OpenQuote { line: u64 },
    #[error("text behind the closing quotation mark in line {line}")]
    TextAfterQuote { line: u64 },
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
}

impl FileFault {
    /// Stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "FILE_EMPTY",
            Self::TooLarge { .. } => "FILE_TOO_LARGE",
            Self::NotXlsx => "FILE_NOT_XLSX",
            Self::LegacyOrEncrypted => "FILE_LEGACY_OR_ENCRYPTED",
            Self::NotCsv => "FILE_NOT_CSV",
            Self::Truncated => "FILE_TRUNCATED",
            Self::Broken { .. } => "FILE_BROKEN",
            Self::TooManyParts { .. } => "FILE_TOO_MANY_PARTS",
            Self::Bomb => "FILE_BOMB",
            Self::Entities { .. } => "FILE_ENTITIES",
            Self::ExternalLinks => "FILE_EXTERNAL_LINKS",
            Self::Macros => "FILE_MACROS",
            Self::NoSheet => "SHEET_NONE",
            Self::SheetUnknown => "SHEET_UNKNOWN",
            Self::TooManyRows { .. } => "TOO_MANY_ROWS",
            Self::TooManyColumns { .. } => "TOO_MANY_COLUMNS",
            Self::CellTooLong { .. } => "CELL_TOO_LONG",
            Self::WrongEncoding { .. } => "ENCODING_WRONG",
            Self::EncodingUnsupported => "ENCODING_UNSUPPORTED",
            Self::Nul { .. } => "NUL_IN_TEXT",
            Self::OpenQuote { .. } => "QUOTE_OPEN",
            Self::TextAfterQuote { .. } => "QUOTE_FOLLOWED",
            Self::Io(_) => "FILE_UNREADABLE",
        }
    }

    /// What to tell a person: what is wrong and what to do next.
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Empty => "文件为空，请选择填写好的文件重新上传。",
            Self::TooLarge { .. } => "文件过大，请拆分为多个文件分别上传。",
            Self::NotXlsx => "文件不是 XLSX 工作簿，请另存为 .xlsx 后重新上传。",
            Self::LegacyOrEncrypted => {
                "文件是旧版 .xls 工作簿或已加密，请去除密码并另存为 .xlsx 后重新上传。"
            }
            Self::NotCsv => "文件不是 CSV 文本，请核对所选格式后重新上传。",
            Self::Truncated => "工作簿不完整或已损坏，请重新导出后上传。",
            Self::Broken { .. } => "工作簿内容损坏，请用表格软件打开并另存后重新上传。",
            Self::TooManyParts { .. } => "工作簿内含部件过多，请只保留数据工作表后重新上传。",
            Self::Bomb => "工作簿解压后超出限制，请检查文件来源，只保留数据后重新上传。",
            Self::Entities { .. } => "工作簿含有不允许的实体声明，请用表格软件另存后重新上传。",
            Self::ExternalLinks => "工作簿引用了其他文件，请断开外部链接并粘贴为数值后重新上传。",
            Self::Macros => "工作簿含有宏，请另存为不含宏的 .xlsx 后重新上传。",
            Self::NoSheet => "工作簿没有可见的工作表，请取消隐藏后重新上传。",
            Self::SheetUnknown => "没有这个名称的可见工作表，请核对工作表名称。",
            Self::TooManyRows { .. } => "行数超出上限，请拆分为多个文件分别上传。",
            Self::TooManyColumns { .. } => "列数超出上限，请按模板只保留所需的列。",
            Self::CellTooLong { .. } => "单元格内容过长，请核对后缩短。",
            Self::WrongEncoding { .. } => "文件编码与内容不符，请另存为 UTF-8 或 GB18030 后重新上传。",
            Self::EncodingUnsupported => "不支持该文件编码，请另存为 UTF-8 或 GB18030 后重新上传。",
            Self::Nul { .. } => "文件含有空字符，不是文本文件，请重新导出后上传。",
            Self::OpenQuote { .. } => "引号没有成对出现，请检查该行的引号。",
            Self::TextAfterQuote { .. } => "引号之后还有内容，请检查该行的引号与分隔符。",
            Self::Io(_) => "文件暂时无法读取，请重新上传。",
        }
    }

    /// The cell or line where it was seen, as a person finds it: `B7`, `第3行`.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::TooManyColumns { place, .. } | Self::CellTooLong { place, .. } => Some(place.clone()),
            Self::WrongEncoding { line }
            | Self::Nul { line }
            | Self::OpenQuote { line }
            | Self::TextAfterQuote { line } => Some(format!("第{line}行")),
            Self::Broken { part } | Self::Entities { part } => Some((*part).to_owned()),
            Self::Empty
            | Self::TooLarge { .. }
            | Self::NotXlsx
            | Self::LegacyOrEncrypted
            | Self::NotCsv
            | Self::Truncated
            | Self::TooManyParts { .. }
            | Self::Bomb
            | Self::ExternalLinks
            | Self::Macros
            | Self::NoSheet
            | Self::SheetUnknown
            | Self::TooManyRows { .. }
            | Self::EncodingUnsupported
            | Self::Io(_) => None,
        }
    }
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    #[error("a character has no place in the encoding")]
    Unmappable,
    #[error("the workbook cannot be written")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("the file cannot be written")]
    Io(#[from] std::io::Error),
}
