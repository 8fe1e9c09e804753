//! Kinds of intellectual property.

use super::table::code_table;

code_table! {
    /// Kind of intellectual property (知识产权类型).
    IpType {
        Invention = 1, "INVENTION", "发明专利";
        Utility = 2, "UTILITY", "实用新型";
        Design = 3, "DESIGN", "外观设计";
        Trademark = 4, "TRADEMARK", "注册商标";
        GiMark = 5, "GI_MARK", "地理标志证明/集体商标";
        GiProductSign = 6, "GI_PRODUCT_SIGN", "地理标志产品专用标志";
        IcLayout = 7, "IC_LAYOUT", "集成电路布图设计";
        Software = 8, "SOFTWARE", "软件著作权";
        Work = 9, "WORK", "作品著作权";
        LicenseRevenue = 10, "LICENSE_REVENUE", "许可收益权";
        PlantVariety = 11, "PLANT_VARIETY", "植物新品种";
        DataIp = 12, "DATA_IP", "数据知识产权";
    }
}

impl IpType {
    /// Whether its number is a patent number (domain.md §2.2).
    #[must_use]
    pub const fn is_patent(self) -> bool {
        matches!(self, Self::Invention | Self::Utility | Self::Design)
    }
}
