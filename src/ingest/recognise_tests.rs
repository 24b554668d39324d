use super::*;
use crate::config::error::Document;
use crate::model::raw::{HeaderColumn, SheetName};

fn dictionary() -> Dictionary {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/registries");
    let documents: Vec<Document> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            Document { path: path.to_string_lossy().into_owned(), text: std::fs::read_to_string(&path).expect("text") }
        })
        .collect();
    Dictionary::resolve(&documents).unwrap_or_else(|problems| panic!("{problems}"))
}

fn head(title: &str, header: &str) -> TableHead {
    let texts = header.split(['|', ' ']).map(str::trim).filter(|text| !text.is_empty());
    TableHead {
        name: SheetName { file: "导出.xlsx".into(), sheet: "Sheet1".into() },
        header_row: 3,
        columns: (0u32..).zip(texts).map(|(index, text)| HeaderColumn { index, text: text.to_owned() }).collect(),
        preamble: if title.is_empty() { Vec::new() } else { vec![title.to_owned()] },
    }
}

/// Headers quoted from real exports, and the registry each is.
const REAL: [(&str, &str, &str); 15] = [
    (
        "poverty",
        "",
        "序号|县(市、区、旗)|乡(镇)|行政村|自然村|户编号|人编号|姓名|证件号码|人数|与户主关系|民族|文化程度|在校生状况|健康状况|劳动技能|务工状况|务工时间（月）|参加大病医疗|脱贫属性|贫困户属性|主要致贫原因|危房户|饮水安全|饮水困难|人均纯收入|联系电话",
    ),
    (
        "poverty",
        "",
        "省 市 县 乡 村 户编号 人口编号 姓名 性别 出生日期 证件类型 证件号码 民族 户联系电话 成员联系电话 年度 与户主关系 文化程度 在校生状况 劳动技能 务工时间（月） 健康状况 政治面貌 务工企业名称 是否享受低保 是否参加城镇职工基本养老保险 公益性岗位(月数) 就业渠道 残疾类别 务工所在地 户主姓名 户主证件号码 是否特困供养人员 残疾证办证年度 识别标准",
    ),
    (
        "dibao_payment",
        "2018-04农村低保发放明细",
        "属地|姓名|身份证号|保障人数|保障金（元）|分类施保金（元）|发放合计（元）|账户名称|开户银行|账号",
    ),
    (
        "dibao_payment",
        "",
        "地区 家庭主键 户主姓名 身份证号 低保证号 主要致贫原因 家庭人口数 保障人口数 救助金计算方式 保障金额（元） 分类施保类别 分类施保金（元） 起始保障年月 开户银行 账户名称 银行账号 家庭住址 联系电话",
    ),
    (
        "dibao_payment",
        "农村低保名册",
        "序号|户主姓名|身份证号码|低保证号|保障人数/合计|保障人数/分解/重点保障人数|保障人数/分解/残疾人数|领取金额/合计|领取金额/分解/家庭补差|领款人签字(章)|领款时间",
    ),
    (
        "dibao",
        "",
        "地区 家庭主键 姓名 性别 年龄 民族 身份证号 与户主关系 人员状态 是否保障对象 年收入（元） 低保证号 起始保障年月 户月保障金额（元） 分类施保类别 分类施保金（元） 户主姓名 开户银行 账户名称 银行账号 家庭住址 联系电话 文化程度 健康状况 婚姻状况 劳动能力 残疾类别 残疾等级",
    ),
    (
        "tekun",
        "",
        "地区 家庭主键 姓名 性别 年龄 民族 身份证号 与户主关系 人员状态 是否供养对象 供养方式 五保证号 生活自理能力 户主姓名 开户银行 银行账号",
    ),
    ("tekun", "特困供养人员花名册", "序号 乡镇 村 姓名 身份证号码 供养方式 月供养金（元） 备注"),
    ("tekun_payment", "2018年6月特困供养金发放明细", "序号 乡镇 村 姓名 身份证号 发放金额（元） 发放年月 开户银行 银行账号"),
    (
        "insurance",
        "",
        "家庭编号 户主姓名 个人编号 姓名 性别 身份证号码 出生日期 与户主关系 参合属性 参合年度 缴费金额 个人缴费 财政资助金额 资助部门 缴费时间 票据号 村组 联系电话 死亡/注销标志",
    ),
    (
        "insurance",
        "",
        "家庭编号 户主姓名 个人编号 姓名 性别 身份证号码 出生日期 与户主关系 人员类别 参合年度 缴费金额 个人缴费 财政资助金额",
    ),
    ("premium_subsidy", "", "序号 乡镇 村 姓名 身份证号 资助类别 资助标准(元/人) 资助部门 个人缴费 备注"),
    (
        "disability",
        "",
        "姓名 证件号码 年龄 性别 区县 街道 居委 户籍类别 状态 残疾类别 残疾等级 双侧或单侧 户口地址 联系地址 联系电话 工作/就业 初次申领日期 业务申请类型 申请日期 备注",
    ),
    ("disability_subsidy", "", "姓名 证件号 户籍区县 户籍街道 残疾类别 残疾等级 年龄 申请时间 补贴类型 补贴标准 补贴金额 状态"),
    (
        "disability_subsidy",
        "",
        "乡镇 姓名 身份证号码 残疾人证号 补贴类型 补贴对象类型 补贴金额 享受补贴起始月份 续发月份 性别 出生年月 残疾等级 残疾类别",
    ),
];

#[test]
fn real_headers_are_recognised() {
    let dictionary = dictionary();
    let recogniser = Recogniser::new(&dictionary, &[]);
    for (registry, title, header) in REAL {
        match recogniser.recognise(&head(title, header)) {
            Ok(mapping) => assert_eq!(mapping.registry.as_str(), registry, "{header}"),
            Err(refusal) => panic!("{header}: {} {}", refusal.what, refusal.hint),
        }
    }
}

#[test]
fn another_persons_number_is_never_the_members_own() {
    let dictionary = dictionary();
    let recogniser = Recogniser::new(&dictionary, &[]);
    for (_, title, header) in REAL.iter().filter(|(registry, _, _)| *registry != "dibao_payment") {
        let mut with_lookalikes = head(title, header);
        let own = with_lookalikes.columns.len();
        for text in ["户主身份证号", "户主证件号码", "监护人身份证", "配偶身份证号", "成员1身份证件号", "建档立卡人身份证"]
        {
            let index = u32::try_from(with_lookalikes.columns.len()).expect("few");
            with_lookalikes.columns.push(HeaderColumn { index, text: text.to_owned() });
        }
        let mapping = recogniser.recognise(&with_lookalikes).unwrap_or_else(|refusal| panic!("{header}: {}", refusal.what));
        let wrong: Vec<_> = mapping.fields.iter().filter(|(field, position)| field == "id_number" && *position >= own).collect();
        assert!(wrong.is_empty(), "{header}: {wrong:?}");
    }
}

#[test]
fn other_registers_are_unknown_and_told_what_is_missing() {
    let dictionary = dictionary();
    let recogniser = Recogniser::new(&dictionary, &[]);
    for header in [
        "学校标识码 姓名 曾用名 民族 身份证件类型 身份证件号 健康状况 出生日期 性别 户口所在地行政区划 班内学号 年级 就读方式 班级 现住址 联系电话 残疾类型 是否需要申请资助",
        "序号 自然村（屯） 户主姓名 家庭人口数 安置住房面积（平方米） 迁入地 备注",
    ] {
        let refusal = recogniser.recognise(&head("", header)).expect_err("no registry of ours");
        assert_eq!(refusal.code, "unknown-registry");
        assert!(refusal.what.contains('缺') && refusal.hint.contains("[[pin]]"), "{} {}", refusal.what, refusal.hint);
    }
}

#[test]
fn a_pin_decides_registry_and_columns() {
    let dictionary = dictionary();
    #[derive(serde::Deserialize)]
    struct Written {
        pin: Vec<crate::config::pin::WrittenPin>,
    }
    let document = Document {
        path: "monthly.toml".into(),
        text: "[[pin]]\nfiles = \"导*.xlsx\"\nregistry = \"tekun\"\n[pin.columns]\n\"对象\" = \"name\"\n".into(),
    };
    let written: Written = document.parse().expect("a pin");
    let pins = Pin::resolve(&document, written.pin, &dictionary).expect("sound");
    let mapping = Recogniser::new(&dictionary, &pins).recognise(&head("", "对象 身份证号 备注")).expect("pinned");
    assert_eq!(mapping.registry.as_str(), "tekun");
    assert_eq!(mapping.fields, [("name".to_owned(), 0), ("id_number".to_owned(), 1)]);
    assert_eq!(mapping.left_over, [2]);
}
