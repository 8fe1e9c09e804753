//! What is known of an enterprise: qualifications, size, whitelist grade.

use super::table::code_table;

code_table! {
    /// Qualifications that an enterprise may hold (企业资质).
    Qualification {
        Hnte = 1, "HNTE", "高新技术企业";
        TechSme = 2, "TECH_SME", "科技型中小企业";
        Srdi = 3, "SRDI", "专精特新中小企业";
        LittleGiant = 4, "LITTLE_GIANT", "专精特新小巨人企业";
        InnovSme = 5, "INNOV_SME", "创新型中小企业";
        IpAdvantage = 6, "IP_ADVANTAGE", "知识产权优势企业";
        IpDemo = 7, "IP_DEMO", "知识产权示范企业";
        IpStrong = 8, "IP_STRONG", "知识产权强企";
        IpmsCert = 9, "IPMS_CERT", "知识产权管理体系贯标认证企业";
        Green = 10, "GREEN", "绿色工厂";
    }
}

code_table! {
    /// Size by 工信部联企业〔2011〕300号 (企业划型).
    EnterpriseSize {
        Large = 1, "LARGE", "大型";
        Medium = 2, "MEDIUM", "中型";
        Small = 3, "SMALL", "小型";
        Micro = 4, "MICRO", "微型";
    }
}

code_table! {
    /// Whitelist grade (白名单等级); an enterprise that was not screened has none.
    Grade {
        A = 1, "A", "A级";
        B = 2, "B", "B级";
        C = 3, "C", "C级";
        D = 4, "D", "D级";
    }
}
