-- The first scorecard and the first exclusion rules, domain.md §4.4. Points are whole, ratios are basis points. A band holds
-- from its `from` (inclusive) to the next one's. What domain.md leaves open is assumed here and can be changed by a new
-- version: the levels of titles, the weights of kinds, margins of profit, the limits of A8, sources that must be heard,
-- restricted industries.
INSERT INTO rulebook (kind, version, active_from, recorded_at, body) VALUES ('SCORECARD', 1, '2022-03-01', '2022-03-01T00:00:00+08:00', $card$
listing_at = 60

[grades]
a = 80
b = 65
c = 50

# Weight of each kind in the average remaining term (A4).
[term_weights]
invention = 3
utility = 1
design = 1

# The level that a qualification counts for in C2; one that names who gave it counts by that.
[ip_titles]
IP_STRONG = 1
IP_ADVANTAGE = 3
IP_DEMO = 3

# The level that a qualification counts for in C3.
[tech_titles]
TECH_SME = 1
INNOV_SME = 1
SRDI = 2
LITTLE_GIANT = 3
HNTE = 3

[[indicator]]
code = "A1"
dimension = "IP"
name = "有效发明专利"
points = 12
input = "VALID_INVENTIONS"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 3000, text = "1件" },
    { from = 2, ratio = 6000, text = "2至3件" },
    { from = 4, ratio = 8000, text = "4至7件" },
    { from = 8, ratio = 10000, text = "8件及以上" },
]

[[indicator]]
code = "A2"
dimension = "IP"
name = "实用新型、外观设计、布图设计和软件著作权"
points = 4
input = "OTHER_RIGHTS"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 2500, text = "1至4件" },
    { from = 5, ratio = 5000, text = "5至14件" },
    { from = 15, ratio = 7500, text = "15至29件" },
    { from = 30, ratio = 10000, text = "30件及以上" },
]

[[indicator]]
code = "A3"
dimension = "IP"
name = "高价值发明专利"
points = 6
input = "HIGH_VALUE_INVENTIONS"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 5000, text = "1至2件" },
    { from = 3, ratio = 10000, text = "3件及以上" },
]

[[indicator]]
code = "A4"
dimension = "IP"
name = "专利加权剩余期限"
points = 5
input = "REMAINING_TERM"
bands = [
    { ratio = 0, text = "不足3年" },
    { from = 3600, ratio = 4000, text = "3至6年" },
    { from = 7200, ratio = 7000, text = "6至10年" },
    { from = 12000, ratio = 9000, text = "10至14年" },
    { from = 16800, ratio = 10000, text = "14年及以上" },
]

[[indicator]]
code = "A5"
dimension = "IP"
name = "近三年专利申请趋势"
points = 4
input = "FILING_TREND"
bands = [
    { ratio = 0, text = "下降" },
    { from = 0, ratio = 5000, text = "持平" },
    { from = 1, ratio = 10000, text = "上升" },
]

[[indicator]]
code = "A6"
dimension = "IP"
name = "专利产品收入占比"
points = 8
input = "PATENT_REVENUE"
bands = [
    { ratio = 2000, text = "不足10%" },
    { from = 1000, ratio = 5000, text = "10%至30%" },
    { from = 3000, ratio = 7000, text = "30%至60%" },
    { from = 6000, ratio = 10000, text = "60%及以上" },
]

[[indicator]]
code = "A7"
dimension = "IP"
name = "商标与地理标志使用"
points = 3
input = "MARKS"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 5000, text = "1件商标" },
    { from = 2, ratio = 10000, text = "2件及以上商标或使用地理标志" },
]

[[indicator]]
code = "A8"
dimension = "IP"
name = "引证、同族与诉讼检验"
points = 3
input = "PROVEN"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 3000, text = "具备一项" },
    { from = 2, ratio = 6000, text = "具备两项" },
    { from = 3, ratio = 10000, text = "三项齐备" },
]

[[indicator]]
code = "B1"
dimension = "RESEARCH"
name = "研发投入强度"
points = 8
input = "RD_INTENSITY"
bands = [
    { ratio = 2000, text = "不足2%" },
    { from = 200, ratio = 5000, text = "2%至3%" },
    { from = 300, ratio = 8000, text = "3%至5%" },
    { from = 500, ratio = 10000, text = "5%及以上" },
]

[[indicator]]
code = "B2"
dimension = "RESEARCH"
name = "研发人员占比"
points = 4
input = "RD_STAFF"
bands = [
    { ratio = 0, text = "不足5%" },
    { from = 500, ratio = 5000, text = "5%至10%" },
    { from = 1000, ratio = 10000, text = "10%及以上" },
]

[[indicator]]
code = "B3"
dimension = "RESEARCH"
name = "研发平台与校企合作"
points = 3
input = "PLATFORM_LINK"
bands = [{ ratio = 0, text = "无" }, { from = 1, ratio = 10000, text = "有" }]

[[indicator]]
code = "C1"
dimension = "TITLES"
name = "知识产权贯标认证"
points = 4
input = "IPMS_CERT"
bands = [{ ratio = 0, text = "无有效证书" }, { from = 1, ratio = 10000, text = "证书有效" }]

[[indicator]]
code = "C2"
dimension = "TITLES"
name = "知识产权优势、示范、强企"
points = 4
input = "IP_TITLE"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 5000, text = "示范区级" },
    { from = 2, ratio = 7500, text = "省级" },
    { from = 3, ratio = 10000, text = "国家级" },
]

[[indicator]]
code = "C3"
dimension = "TITLES"
name = "高新技术、专精特新、科技型企业"
points = 4
input = "TECH_TITLE"
bands = [
    { ratio = 0, text = "无" },
    { from = 1, ratio = 5000, text = "科技型或创新型中小企业" },
    { from = 2, ratio = 7500, text = "专精特新中小企业" },
    { from = 3, ratio = 10000, text = "高新技术企业或小巨人企业" },
]

[[indicator]]
code = "D1"
dimension = "FINANCE"
name = "营业收入增长"
points = 6
input = "REVENUE_GROWTH"
bands = [
    { ratio = 2000, text = "负增长" },
    { from = 0, ratio = 6000, text = "0至10%" },
    { from = 1000, ratio = 10000, text = "10%及以上" },
]

[[indicator]]
code = "D2"
dimension = "FINANCE"
name = "资产负债率"
points = 5
input = "DEBT_RATIO"
bands = [
    { ratio = 10000, text = "低于30%" },
    { from = 3000, ratio = 8000, text = "30%至50%" },
    { from = 5000, ratio = 5000, text = "50%至70%" },
    { from = 7001, ratio = 0, text = "高于70%" },
]

[[indicator]]
code = "D3"
dimension = "FINANCE"
name = "盈利能力"
points = 4
input = "PROFITABILITY"
bands = [
    { ratio = 0, text = "亏损" },
    { from = 0, ratio = 5000, text = "微利" },
    { from = 500, ratio = 10000, text = "良好" },
]

[[indicator]]
code = "D4"
dimension = "FINANCE"
name = "纳税信用等级"
points = 3
input = "TAX_GRADE"
bands = [
    { ratio = 0, text = "C级或D级" },
    { from = 1, ratio = 4000, text = "M级" },
    { from = 2, ratio = 7000, text = "B级" },
    { from = 3, ratio = 10000, text = "A级" },
]

[[indicator]]
code = "E1"
dimension = "CREDIT"
name = "公共信用综合评价"
points = 6
input = "PUBLIC_CREDIT"
bands = [
    { ratio = 0, text = "差" },
    { from = 1, ratio = 4000, text = "中" },
    { from = 2, ratio = 8000, text = "良" },
    { from = 3, ratio = 10000, text = "优" },
]

[[indicator]]
code = "E2"
dimension = "CREDIT"
name = "24个月内无行政处罚"
points = 4
input = "PENALTY_FREE"
bands = [{ ratio = 0, text = "有处罚" }, { from = 1, ratio = 10000, text = "无处罚" }]
$card$);

INSERT INTO rulebook (kind, version, active_from, recorded_at, body) VALUES ('EXCLUSIONS', 1, '2022-03-01', '2022-03-01T00:00:00+08:00', $rules$
# HX14: beginnings of GB/T 4754 codes.
restricted_industries = ["B06", "C16", "C2521", "K70"]
# HX15: where an enterprise has to be registered, and in which parks.
regions = ["419001", "410000", "410881"]
parks = ["JY-GX", "JY-HL", "JY-YC", "JY-SL", "JY-WLK", "JY-OTH"]

[[exclusion]]
code = "HX01"
name = "失信被执行人"
effect = "REJECT"
basis = "SOURCE"
cure = "履行生效法律文书并由法院删除失信信息"

[[exclusion]]
code = "HX02"
name = "严重违法失信名单"
effect = "REJECT"
basis = "SOURCE"
cure = "依法移出严重违法失信名单"

[[exclusion]]
code = "HX03"
name = "经营异常名录"
effect = "SUSPEND"
basis = "SOURCE"
cure = "补报年报或变更登记后申请移出经营异常名录"

[[exclusion]]
code = "HX04"
name = "重大税收违法失信"
effect = "REJECT"
basis = "SOURCE"
cure = "缴清税款、滞纳金和罚款并完成信用修复"

[[exclusion]]
code = "HX05"
name = "拖欠农民工工资失信"
effect = "REJECT"
basis = "SOURCE"
cure = "清偿拖欠工资并完成信用修复"

[[exclusion]]
code = "HX06"
name = "安全生产严重失信"
effect = "REJECT"
basis = "SOURCE"
cure = "完成整改并移出安全生产严重失信名单"

[[exclusion]]
code = "HX07"
name = "环保严重失信或停产整治"
effect = "REJECT"
basis = "SOURCE"
cure = "完成环境整治并解除相应措施"

[[exclusion]]
code = "HX08"
name = "知识产权领域严重违法失信"
effect = "REJECT"
basis = "SOURCE"
cure = "完成知识产权领域信用修复"

[[exclusion]]
code = "HX09"
name = "注销、吊销或破产"
effect = "REJECT"
basis = "SOURCE"
cure = "无法消除"

[[exclusion]]
code = "HX10"
name = "当前银行贷款违约"
effect = "REJECT"
basis = "SOURCE"
consent = true
cure = "结清违约贷款并由银行更新信用记录"

[[exclusion]]
code = "HX11"
name = "经查实的虚假质押"
effect = "REJECT"
basis = "RECORD"
cure = "无法消除"

[[exclusion]]
code = "HX12"
name = "限制高消费"
effect = "REJECT"
basis = "SOURCE"
cure = "履行义务并由法院解除限制"

[[exclusion]]
code = "HX13"
name = "知识产权全部失效或有争议"
effect = "REJECT"
basis = "ASSETS"
cure = "恢复权利、消除争议或登记新的有效知识产权"

[[exclusion]]
code = "HX14"
name = "限制类行业"
effect = "REJECT"
basis = "INDUSTRY"
cure = "无法消除；行业登记有误的请变更登记"

[[exclusion]]
code = "HX15"
name = "不在示范区或参与园区"
effect = "REJECT"
basis = "PLACE"
cure = "迁入示范区参与园区并变更登记"
$rules$);
