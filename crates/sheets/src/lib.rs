//! Tables as files (表格文件): workbooks and CSV, read within bounds and written without formulas.
