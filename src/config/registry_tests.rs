use super::*;
use proptest::prelude::*;

fn document(path: &str, text: &str) -> Document {
    Document { path: path.to_owned(), text: text.to_owned() }
}

fn problems(registry: &str) -> Vec<String> {
    let fields = "[name]\nkind = \"name\"\ntitle = \"姓名\"\naliases = [\"姓名\"]\n\
                  [subsidy_fen]\nkind = \"money\"\ntitle = \"资助\"\naliases = [\"金额\"]\n\
                  [amount_fen]\nkind = \"money\"\ntitle = \"发放\"\naliases = [\"金额(元)\"]\n";
    let found = Dictionary::resolve(&[document("fields.toml", fields), document("某册.toml", registry)]);
    let problems = found.expect_err("has problems");
    problems.as_slice().iter().map(|problem| format!("{}|{}", problem.message, problem.hint)).collect()
}

#[test]
fn headers_fold_to_what_they_say() {
    for (written, folded) in [
        ("劳动力姓名*", "劳动力姓名"),
        ("保障金（元）", "保障金"),
        (" 身份\n证号： ", "身份证号"),
        ("乡（镇）", "乡(镇)"),
        ("组【号】", "组(号)"),
        ("公益性岗位(月数)", "公益性岗位"),
        ("资助标准(元/人)", "资助标准"),
        ("（元）", "(元)"),
        ("联系电话2", "联系电话2"),
        ("“两无”户", "两无户"),
        ("Ⅱ级", "ii级"),
    ] {
        assert_eq!(fold_header(written), folded, "{written}");
    }
}

#[test]
fn the_dropped_money_unit_can_be_found() {
    assert_eq!(bracketed_unit("资助金额（万元）").as_deref(), Some("万元"));
    assert_eq!(bracketed_unit("务工时间（月）"), None);
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(header in "[ -~（）【】：“”元月人镇乡Ⅰ-Ⅴ１-９\\p{Han}]{0,20}") {
        let once = fold_header(&header);
        prop_assert_eq!(fold_header(&once), once);
    }
}

#[test]
fn the_shipped_dictionary_resolves() {
    let dictionary = crate::config::registry::shipped();
    assert!(dictionary.registries.len() >= 16, "{}", dictionary.registries.len());
    assert_eq!(dictionary.fields["disability_grade"].code("Ⅱ级"), Some("二级"));
    assert_eq!(dictionary.registry("dibao_payment").map(|registry| registry.grain), Some(Grain::HouseholdMonth));
}

#[test]
fn every_mistake_of_a_registry_is_reported_at_once() {
    let found = problems(
        "title = \"某\"\ndepartment = \"局\"\ngrain = \"person\"\nrequired = []\ntelling = [\"amount\"]\n\
         fields = [\"nmae\", \"subsidy_fen\", \"amount_fen\"]\n[aliases]\nsubsidy_fen = [\"补贴\", \"补贴：\"]\n",
    );
    for expected in ["required", "“amount”", "“nmae”|是不是“name”", "“补贴：”在本名册里写了两次", "“金额”既可以是"]
    {
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected} in {found:#?}");
    }
}

#[test]
fn a_registry_settles_a_shared_spelling_itself() {
    let fields = "[a]\nkind = \"money\"\ntitle = \"甲\"\naliases = [\"金额\"]\n[b]\nkind = \"money\"\ntitle = \"乙\"\naliases = [\"金额\"]\n";
    let registry = "title = \"某\"\ndepartment = \"局\"\ngrain = \"person\"\nrequired = [[\"a\"]]\nfields = [\"a\", \"b\"]\n\
                    [aliases]\nb = [\"金额\"]\n";
    assert!(Dictionary::resolve(&[document("fields.toml", fields), document("某册.toml", registry)]).is_ok());
}

#[test]
fn an_unknown_grain_and_a_spelling_with_two_meanings_are_mistakes() {
    assert!(
        problems("title = \"某\"\ndepartment = \"局\"\ngrain = \"persom\"\nrequired = []\nfields = []\n")[0].contains("persom")
    );
    let fields = "[a]\nkind = \"code\"\ntitle = \"甲\"\n[a.codes]\n\"有\" = [\"1\"]\n\"无\" = [\"１\"]\n";
    let found = Dictionary::resolve(&[document("fields.toml", fields)]).expect_err("has problems");
    assert!(found.to_string().contains("既是“无”又是“有”") || found.to_string().contains("既是“有”又是“无”"), "{found}");
}

const FIELDS: &str = "[a]\nkind = \"code\"\ntitle = \"甲\"\naliases = [\"甲\"]\n[a.codes]\n\"有\" = [\"1\"]\n[b]\nkind = \"text\"\ntitle = \"乙\"\n";
const REGISTRY: &str = "title = \"某\"\ndepartment = \"局\"\ngrain = \"person\"\nrequired = [[\"a\"]]\nfields = [\"a\"]\n";

fn with_own(own: &[Document]) -> Result<Dictionary, Problems> {
    Dictionary::resolve_with(&[document("registries/fields.toml", FIELDS), document("registries/某册.toml", REGISTRY)], own)
}

#[test]
fn a_county_adds_its_own_words_fields_and_registries() {
    let fields =
        "[a]\naliases = [\"甲项\"]\n[a.codes]\n\"有\" = [\"有的\"]\n\"无\" = []\n[c]\nkind = \"count\"\ntitle = \"丙\"\n";
    let added = "department = \"新局\"\nfields = [\"c\"]\n[aliases]\nc = [\"丙数\"]\n";
    let own = [
        document("own/fields.toml", fields),
        document("own/某册.toml", added),
        document("own/新册.toml", &REGISTRY.replace("\"a\"", "\"c\"")),
    ];
    let dictionary = with_own(&own).expect("right");
    let field = &dictionary.fields["a"];
    assert_eq!((&field.aliases[..], field.title.as_str()), (&["甲".to_owned(), "甲项".to_owned()][..], "甲"));
    assert_eq!((field.code("1"), field.code("有的"), field.code("无")), (Some("有"), Some("有"), Some("无")));
    let registry = dictionary.registry("某册").expect("there");
    assert_eq!((registry.title.as_str(), registry.department.as_str()), ("某", "新局"));
    assert_eq!(registry.fields.iter().map(|used| used.field.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(registry.fields[1].aliases, ["丙数"]);
    assert!(dictionary.registry("新册").is_some());
}

#[test]
fn what_a_county_adds_wrongly_is_told() {
    for (file, text, told) in [
        ("own/fields.toml", "[d]\naliases = [\"丁\"]\n", "字段 d 没有写 kind 和 title"),
        ("own/fields.toml", "[a]\nkind = \"count\"\n", "读法（kind）不同"),
        ("own/某册.toml", "fields = [\"e\"]\n", "“e”"),
        ("own/某册.toml", "[aliases]\nb = [\"乙列\"]\n", "“b”"),
    ] {
        let problems = with_own(&[document(file, text)]).expect_err("has problems").to_string();
        assert!(problems.contains(told), "{told} in {problems}");
    }
}
