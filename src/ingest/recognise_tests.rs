use super::*;
use crate::config::registry::{RegistryDefinition, shipped};
use crate::ingest::mapping::{clash, nearest};
use crate::model::raw::{HeaderColumn, SheetName};

fn head(title: &str, line: &str) -> TableHead {
    let separator = if line.contains('|') { '|' } else { ' ' };
    TableHead {
        name: SheetName { file: "报送/6月.xlsx".to_owned(), sheet: "Sheet1".to_owned() },
        header_row: 3,
        columns: (0..)
            .zip(line.split([separator, '\n']).map(str::trim).filter(|text| !text.is_empty()))
            .map(|(index, text)| HeaderColumn { index, text: text.to_owned() })
            .collect(),
        preamble: vec![title.to_owned()],
        ..TableHead::default()
    }
}

/// Recognises, and gives field → first header.
fn fields(title: &str, line: &str) -> (String, Vec<(String, String)>) {
    let head = head(title, line);
    let dictionary = shipped();
    let (_, mapping) = recognise(&head, &dictionary, &[]).unwrap_or_else(|refusal| panic!("{}\n{}", refusal.what, refusal.hint));
    let fields = mapping.fields.iter().map(|(field, at)| (field.clone(), head.columns[*at].text.clone())).collect();
    (mapping.registry.0, fields)
}

fn assert_registry(title: &str, line: &str, registry: &str, expected: &[(&str, &str)]) {
    let (found, fields) = fields(title, line);
    assert_eq!(found, registry, "{line}");
    for (field, header) in expected {
        let first = fields.iter().find(|(name, _)| name == field).map(|(_, header)| header.as_str());
        assert_eq!(first, Some(*header), "{field} in {registry}: {fields:?}");
    }
}

const POVERTY: &str = "序号 县(市、区、旗) 乡(镇) 行政村 自然村 户编号 人编号 姓名 证件号码 人数 与户主关系 民族 文化程度 在校生状况 健康状况 \
    劳动技能 务工状况 务工时间（月） 参加大病医疗 脱贫属性 贫困户属性 主要致贫原因 危房户 饮水安全 饮水困难 人均纯收入 联系电话";
const POVERTY_WIDE: &str = "省 市 县 乡 村 户编号 人口编号 姓名 性别 出生日期 证件类型 证件号码 民族 户联系电话 成员联系电话 年度 与户主关系 文化程度 \
    在校生状况 劳动技能 务工时间（月） 健康状况 政治面貌 务工企业名称 是否享受低保 是否参加城镇职工基本养老保险 是否参加大病保险 \
    是否参加新型农村合作医疗（城乡居民基本医疗保险） 是否参加城乡居民基本养老保险 失学或辍学原因 是否会讲普通话 是否参加商业补充医疗保险 是否国外务工 \
    产业分类 是否接受大病医疗救助 是否接受其他健康扶贫 公益性岗位类型 公益性岗位(月数) 就业渠道 残疾类别 务工所在地 户主姓名 户主证件号码 \
    是否参加城镇职工基本医疗保险 是否特困供养人员 残疾证办证年度 识别标准";
const DIBAO_PERSONS: &str = "地区 家庭主键 姓名 性别 年龄 民族 身份证号 与户主关系 人员状态 是否保障对象 年收入（元） 低保证号 起始保障年月 户月保障金额（元） \
    分类施保类别 分类施保金（元） 户主姓名 开户银行 账户名称 银行账号 家庭住址 联系电话 文化程度 健康状况 婚姻状况 劳动能力 残疾类别 残疾等级";
const PAYMENT: &str =
    "属地 | 姓名 | 身份证号 | 保障人数 | 保障金（元） | 分类施保金（元） | 发放合计（元） | 账户名称 | 开户银行 | 账号";

#[test]
fn poverty_of_2018_and_its_variants() {
    let expected = [
        ("id_number", "证件号码"),
        ("group", "自然村"),
        ("household_code", "户编号"),
        ("household_size", "人数"),
        ("labour", "劳动技能"),
        ("attribute", "贫困户属性"),
        ("poverty_status", "脱贫属性"),
        ("income_fen", "人均纯收入"),
    ];
    assert_registry("", POVERTY, "poverty", &expected);
    let variant = POVERTY.replace("脱贫属性", "脱贫属性 脱贫年度").replace("主要致贫原因", "致贫原因1").replace(
        "联系电话",
        "是否参加大病保险 是否解决安全饮用水 户联系电话 人联系电话 首次识别时间 人员识别时间 户类型 易返贫致贫户(监测对象)类型",
    );
    let expected = [("exit_year", "脱贫年度"), ("phone", "人联系电话"), ("poverty_cause", "致贫原因1")];
    assert_registry("已脱贫人口名单", &variant, "poverty", &expected);
}

#[test]
fn poverty_wide_edition() {
    let expected = [
        ("name", "姓名"),
        ("id_number", "证件号码"),
        ("head_id_number", "户主证件号码"),
        ("head_name", "户主姓名"),
        ("person_code", "人口编号"),
        ("phone", "成员联系电话"),
        ("receives_dibao", "是否享受低保"),
        ("receives_tekun", "是否特困供养人员"),
    ];
    assert_registry("", POVERTY_WIDE, "poverty", &expected);
}

#[test]
fn dibao_person_rosters() {
    let expected = [
        ("name", "姓名"),
        ("head_name", "户主姓名"),
        ("covered", "是否保障对象"),
        ("household_amount_fen", "户月保障金额（元）"),
        ("household_code", "家庭主键"),
    ];
    assert_registry("", DIBAO_PERSONS, "dibao", &expected);
    assert!(!fields("", DIBAO_PERSONS).1.iter().any(|(field, _)| field == "labour"), "civil affairs codes labour differently");
    assert_registry(
        "",
        "居民姓名 身份证号 享受政策类型 享受档次 补贴金额 补贴周期 开始时间 结束时间 全户人数 享受人数 户月金额 状态",
        "dibao",
        &[
            ("name", "居民姓名"),
            ("household_amount_fen", "户月金额"),
            ("person_amount_fen", "补贴金额"),
            ("covered_count", "享受人数"),
        ],
    );
}

#[test]
fn dibao_payments_are_the_heads() {
    let expected = [
        ("name", "姓名"),
        ("id_number", "身份证号"),
        ("household_amount_fen", "保障金（元）"),
        ("total_amount_fen", "发放合计（元）"),
    ];
    assert_registry("2018-04农村低保发放明细", PAYMENT, "dibao_payment", &expected);
    assert_registry("", PAYMENT, "dibao_payment", &expected);
    assert_registry(
        "",
        "地区 家庭主键 户主姓名 身份证号 低保证号 主要致贫原因 家庭人口数 保障人口数 救助金计算方式 保障金额（元） 分类施保类别 分类施保金（元） 起始保障年月 开户银行 账户名称 银行账号 家庭住址 联系电话",
        "dibao_payment",
        &[("name", "户主姓名"), ("household_amount_fen", "保障金额（元）"), ("covered_count", "保障人口数")],
    );
    assert_registry(
        "",
        "序号 | 户主姓名 | 身份证号码 | 低保证号 | 保障人数/合计 | 保障人数/分解/重点保障人数 | 保障人数/分解/残疾人数 | 领取金额/合计 | 领取金额/分解/家庭补差 | 领取金额/分解/重点救助60元 | 领取金额/分解/残疾人救助 | 领款人签字(章) | 领款时间",
        "dibao_payment",
        &[
            ("name", "户主姓名"),
            ("covered_count", "保障人数/合计"),
            ("total_amount_fen", "领取金额/合计"),
            ("household_amount_fen", "领取金额/分解/家庭补差"),
        ],
    );
}

#[test]
fn per_head_amounts_are_not_household_totals() {
    let line = "乡镇 村 户主姓名 身份证号 保障人数 人均补差（元） 户月保障金额（元）";
    let expected = [("person_amount_fen", "人均补差（元）"), ("household_amount_fen", "户月保障金额（元）")];
    assert_registry("", line, "dibao_payment", &expected);
}

#[test]
fn tekun_roster_and_payment() {
    let roster = DIBAO_PERSONS.replace("是否保障对象", "是否供养对象 供养方式").replace("低保证号", "五保证号") + " 生活自理能力";
    let expected =
        [("covered", "是否供养对象"), ("support_mode", "供养方式"), ("tekun_no", "五保证号"), ("self_care", "生活自理能力")];
    assert_registry("", &roster, "tekun", &expected);
    assert_registry(
        "特困供养人员花名册",
        "序号 乡镇 村 姓名 身份证号码 供养方式 月供养金（元）",
        "tekun",
        &[("amount_fen", "月供养金（元）")],
    );
    let line = "序号 乡镇 村 姓名 身份证号 供养方式 供养金（元） 发放月份 开户银行 账号";
    assert_registry("", line, "tekun_payment", &[("month", "发放月份"), ("amount_fen", "供养金（元）")]);
    assert_registry("2018-06农村特困发放明细", PAYMENT, "tekun_payment", &[]);
}

#[test]
fn insurance_and_premium_subsidy() {
    assert_registry(
        "",
        "家庭编号 户主姓名 个人编号 姓名 性别 身份证号码 出生日期 与户主关系 参合属性/人员类别 参合年度 缴费金额 个人缴费 财政资助金额 资助部门 缴费时间 票据号 村组 联系电话 死亡/注销标志",
        "insurance",
        &[
            ("name", "姓名"),
            ("category", "参合属性/人员类别"),
            ("own_contribution_fen", "个人缴费"),
            ("subsidy_fen", "财政资助金额"),
            ("member_status", "死亡/注销标志"),
            ("year", "参合年度"),
        ],
    );
    assert_registry(
        "",
        "序号 乡镇 村 姓名 身份证号 资助类别 资助标准(元/人) 资助部门(卫计/民政/扶贫/残联) 个人缴费 备注",
        "premium_subsidy",
        &[("subsidy_fen", "资助标准(元/人)"), ("category", "资助类别"), ("own_contribution_fen", "个人缴费")],
    );
}

#[test]
fn disability_register_and_subsidies() {
    assert_registry(
        "",
        "姓名 证件号码 年龄 性别 区县 街道 居委 户籍类别 状态 残疾类别 残疾等级 双侧或单侧 户口地址 联系地址 联系电话 工作/就业 初次申领日期 业务申请类型 申请日期 备注",
        "disability",
        &[
            ("certificate_status", "状态"),
            ("town", "街道"),
            ("village", "居委"),
            ("issue_date", "初次申领日期"),
            ("address", "户口地址"),
        ],
    );
    let village = "序号 姓名 身份证号 残疾类型 残疾等级 残疾证号 办证日期 监护人姓名 监护人电话 状态";
    assert_registry(
        "",
        village,
        "disability",
        &[("name", "姓名"), ("guardian_name", "监护人姓名"), ("disability_no", "残疾证号")],
    );
    assert_registry(
        "",
        "姓名 证件号 户籍区县 户籍街道 残疾类别 残疾等级 年龄 申请时间 补贴类型 补贴标准 补贴金额 状态",
        "disability_subsidy",
        &[("kind", "补贴类型"), ("amount_fen", "补贴金额")],
    );
    assert_registry(
        "",
        "乡镇 姓名 身份证号码 残疾人证号 补贴类型 补贴对象类型 补贴金额 享受补贴起始月份 续发月份 性别 出生年月 残疾等级 残疾类别",
        "disability_subsidy",
        &[("disability_no", "残疾人证号"), ("start_month", "享受补贴起始月份"), ("month", "续发月份")],
    );
}

#[test]
fn lookalikes_are_never_the_persons_own_number() {
    let dictionary = shipped();
    for lookalike in [
        "户主身份证号",
        "户主证件号码",
        "配偶身份证号",
        "监护人身份证",
        "成员1身份证件号",
        "建档立卡人身份证",
        "监护人/身份证号",
        "户主信息/身份证号",
        "成员1/身份证件号",
        "领取人/身份证号",
        "申请人信息/证件号码",
    ] {
        let head = head("", &format!("{POVERTY} {lookalike}"));
        let last = head.columns.len() - 1;
        // A marriage register names the two spouses 户主 and 配偶: there the first is the row's own person.
        let own = |registry: &RegistryDefinition| registry.id.as_str() == "marriage" && lookalike.starts_with("户主");
        for registry in dictionary.registries.iter().filter(|registry| !registry.grain.is_household() && !own(registry)) {
            let mapping = columns(&head, &Spelled::of(&head), registry, &dictionary, &std::collections::BTreeMap::new());
            let wrong = mapping.fields.iter().any(|(field, at)| field == "id_number" && *at == last);
            assert!(!wrong, "{lookalike} in {}", registry.id);
        }
    }
    // With a lookalike alone there is no own number, and so no registry.
    assert!(recognise(&head("", &POVERTY.replace("证件号码", "户主证件号码")), &dictionary, &[]).is_err());
}

#[test]
fn the_headers_of_other_offices_are_theirs_or_nobodys() {
    for (registry, line) in [
        (
            "student",
            "学校标识码 姓名 曾用名 民族 国籍/地区 身份证件类型 身份证件号 籍贯 健康状况 出生日期 性别 入学年月 年级 班级 现住址 家庭地址 联系电话 残疾类型 是否留守儿童 成员1姓名 成员1关系 成员1身份证件号",
        ),
        (
            "student_aid",
            "姓名 年龄 学号 学校 学区 性别 出生日期 身份证号码 资助年份 学期 项目类型 项目名称 资助级别 资助金额 监护人姓名 联系电话 乡镇 村（居委会） 组（号） 年级 班级 卡号 是否建档 建档立卡人姓名 建档立卡人身份证",
        ),
        ("death", "姓名 性别 身份证号 出生日期 年龄 家庭住址 火化时间 火化单位"),
        ("village_list", "乡镇 行政村 是否贫困村"),
        (
            "",
            "序号 | 自然村（屯） | 户主姓名 | 家庭人口数 | 安置住房面积（平方米） | 迁入地 | 集中安置户/房屋质量是否达标 | 集中安置户/是否达到入住条件 | 分散安置户/是否入住 | 备注",
        ),
        ("", "人员编号 身份证号 户编号 与户主关系 姓名 性别"),
    ] {
        match recognise(&head("", line), &shipped(), &[]) {
            Ok((_, mapping)) => assert_eq!(mapping.registry.as_str(), registry, "{line}"),
            Err(refusal) => assert!(refusal.code == "unknown-registry" && registry.is_empty(), "{line}: {refusal:?}"),
        }
    }
}

#[derive(serde::Deserialize)]
struct Written {
    pin: Vec<crate::config::pin::WrittenPin>,
}

#[test]
fn a_refusal_names_what_is_missing_and_gives_a_pin_that_works() {
    let head = head("", "姓名 身份证号 残疾等级 序列 序列 备注");
    let refusal = recognise(&head, &shipped(), &[]).expect_err("no certificate column");
    assert!(refusal.what.contains("残疾人证登记册（disability）：缺持证状态或办证日期或残疾证号"), "{}", refusal.what);
    let pasted = refusal
        .hint
        .split_once("：\n")
        .map_or("", |(_, pin)| pin)
        .replace("# \"备注\" = \"\"", "\"备注\" = \"certificate_status\"");
    let document = crate::config::document::Document { path: "monthly.toml".to_owned(), text: pasted };
    let mut problems = crate::config::error::Problems::default();
    let written: Written = crate::config::parse::parse(&document, &mut problems).expect("the pin is right");
    let pins = Pin::resolve(&document, &written.pin, &shipped(), &mut problems);
    assert!(problems.is_empty(), "{}", problems.render(false));
    let dictionary = shipped();
    let (_, mapping) = recognise(&head, &dictionary, &pins).expect("pinned");
    assert!(mapping.pinned && mapping.registry.as_str() == "disability");
    assert!(mapping.fields.contains(&("certificate_status".to_owned(), 5)), "{mapping:?}");
}

#[test]
fn a_number_belongs_to_the_name_before_it() {
    for (line, registry, expected) in [
        (
            "户主姓名 身份证号码 姓名 身份证号码 与户主关系 是否保障对象 低保证号",
            "dibao",
            &[("head_id_number", 1), ("id_number", 3), ("name", 2)][..],
        ),
        (
            "姓名 身份证号码 户主姓名 身份证号码 与户主关系 是否保障对象 低保证号",
            "dibao",
            &[("id_number", 1), ("head_id_number", 3)],
        ),
        (
            "身份证号码 户主姓名 身份证号码 姓名 与户主关系 是否保障对象 低保证号",
            "dibao",
            &[("head_id_number", 0), ("id_number", 2)],
        ),
        (
            "姓名 身份证号码 家庭成员姓名 身份证号码 与户主关系 是否保障对象 低保证号",
            "dibao",
            &[("head_name", 0), ("head_id_number", 1), ("name", 2), ("id_number", 3)],
        ),
        (
            "学校 年级 学籍号 姓名 身份证号 监护人姓名 身份证号 联系电话",
            "student",
            &[("id_number", 4), ("guardian_id_number", 6)],
        ),
        (
            "学校 年级 学籍号 姓名 身份证号 性别 家庭成员姓名 身份证号 性别",
            "student",
            &[("name", 3), ("id_number", 4), ("sex", 5)],
        ),
        ("男方姓名 身份证号 女方姓名 身份证号 登记日期", "marriage", &[("id_number", 1), ("spouse_id_number", 3)]),
        ("姓名 身份证号 残疾人证号 残疾类别 残疾等级 代领人 身份证号", "disability", &[("id_number", 1)]),
    ] {
        let head = head("", line);
        let dictionary = shipped();
        let (definition, mapping) =
            recognise(&head, &dictionary, &[]).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.what));
        assert_eq!(definition.id.as_str(), registry, "{line}");
        for (field, at) in expected {
            let found: Vec<usize> = mapping.fields.iter().filter(|(name, _)| name == field).map(|(_, at)| *at).collect();
            assert_eq!(found, [*at], "{field} in {line}: {mapping:?}");
        }
        assert!(clash(&head, &mapping, &dictionary).is_none(), "{line}");
    }
}

#[test]
fn what_cannot_be_bound_is_refused_with_both_places() {
    for (line, places) in [
        ("姓名 身份证号码 与户主关系 是否保障对象 低保证号 身份证号码", ["B 列", "F 列"]),
        ("姓名 身份证号码 与户主关系 是否保障对象 户月保障金额 户月保障金额", ["E 列", "F 列"]),
        ("姓名 人员姓名 身份证号码 与户主关系 是否保障对象 低保证号", ["A 列", "B 列"]),
    ] {
        let head = head("", line);
        let dictionary = shipped();
        let (_, mapping) = recognise(&head, &dictionary, &[]).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.what));
        let refusal = clash(&head, &mapping, &dictionary).unwrap_or_else(|| panic!("{line}: {mapping:?}"));
        assert!(
            refusal.code == "duplicate-header" && places.iter().all(|place| refusal.what.contains(place)),
            "{}",
            refusal.what
        );
    }
}

#[test]
fn loose_spellings_fill_what_no_column_says_exactly_and_never_take_somebody_elses() {
    assert_registry(
        "",
        "1、您的姓名： 2、身份证号码（18位） 3、与户主关系 4、是否保障对象 5、低保证号",
        "dibao",
        &[("name", "1、您的姓名："), ("id_number", "2、身份证号码（18位）")],
    );
    assert_registry(
        "",
        "参保人.姓名 参保人.身份证号 参保信息.人员类别 参保信息.参合年度",
        "insurance",
        &[("name", "参保人.姓名")],
    );
    let (_, fields) = fields("", "姓名（户籍） 身份证号 残疾人证号 残疾类别 残疾等级 开户人身份证号 代领人姓名 监护人身份证号");
    for (field, header) in fields {
        assert!(!["开户人身份证号", "代领人姓名", "监护人身份证号"].contains(&header.as_str()), "{header} is {field}");
    }
}

#[test]
fn an_unused_header_is_told_what_it_resembles() {
    let dictionary = shipped();
    let registry = dictionary.registry("dibao").expect("there");
    assert_eq!(nearest("低保证书号码", registry, &dictionary), Some("低保证号"));
    assert_eq!(nearest("监护人身份证号", registry, &dictionary), None);
    assert_eq!(nearest("备注", registry, &dictionary), None);
}

#[test]
fn a_title_of_another_project_is_not_taken_for_the_roster_that_its_columns_fit() {
    let dictionary = shipped();
    let of = |title: &str| recognise(&head(title, DIBAO_PERSONS), &dictionary, &[]).map(|(registry, _)| registry.id.0.clone());
    for title in ["2018年6月临时救助发放花名册", "城乡医疗救助对象", "低保对象临时救助名单", "高龄津贴发放表"]
    {
        let refusal = of(title).expect_err(title);
        assert_eq!(refusal.code, "ambiguous-registry", "{title}");
    }
    for title in [
        "2018年6月农村低保人员信息",
        "人员名册",
        "注：低保对象遇急难的可另行申请临时救助，由乡镇审核后报县民政局，一户一年不超过两次，每次不超过规定的标准",
    ] {
        assert_eq!(of(title).ok().as_deref(), Some("dibao"), "{title}");
    }
}
