use super::*;

fn parse(text: &str) -> Result<Expression, Vec<ExpressionProblem>> {
    let columns = BTreeMap::from([
        ("covered".to_owned(), ValueType::Bool),
        ("amount_fen".to_owned(), ValueType::Int),
        ("grade".to_owned(), ValueType::Text),
    ]);
    let codes = BTreeMap::from([("grade".to_owned(), BTreeSet::from(["一级".to_owned(), "二级".to_owned()]))]);
    let parameters = BTreeMap::from([("floor_month".to_owned(), ValueType::Int)]);
    let tables = BTreeSet::from(["words".to_owned()]);
    let vocabulary = Vocabulary {
        columns: &columns,
        codes: &codes,
        parameters: &parameters,
        tables: &tables,
        suspect: &|name| name == "unread",
    };
    Expression::parse(text, vocabulary, Some(ValueType::Bool))
}

#[test]
fn a_condition_binds_its_parameters() {
    let expression = parse("covered AND amount_fen < $floor_month").expect("fine");
    assert_eq!(expression.columns, ["amount_fen", "covered"]);
    assert_eq!(expression.parameters, ["floor_month"]);
    let values = BTreeMap::from([("floor_month".to_owned(), ParameterValue::Int(29_458))]);
    assert_eq!(expression.bind(&values).as_deref(), Ok("covered AND amount_fen < 29458"));
    assert_eq!(expression.bind(&BTreeMap::new()), Err("floor_month".to_owned()));
}

#[test]
fn a_condition_comes_apart_where_all_must_hold_and_reads_in_words() {
    let expression = parse("covered AND (NOT covered OR amount_fen < $floor_month) AND COALESCE(covered, FALSE)").expect("fine");
    let parts = expression.conjuncts();
    assert_eq!(parts.iter().map(|part| part.columns.concat()).collect::<Vec<_>>(), ["covered", "amount_fencovered", "covered"]);
    assert_eq!(parts[1].parameters, ["floor_month"]);
    assert!(parts[0].is_plain_fact() && !parts[1].is_plain_fact());
    let words = |part: &Expression| {
        part.in_words(&|name| if name == "covered" { "在低保".to_owned() } else { "金额".to_owned() }, &|_| {
            "294.58".to_owned()
        })
    };
    assert_eq!(parts.iter().map(words).collect::<Vec<_>>(), ["在低保", "不是在低保，或金额＜294.58", "在低保"]);
    assert_eq!(words(&parse("grade IN ('一级', '二级')").expect("fine")), "金额属于（一级、二级）");
}

#[test]
fn a_table_stands_for_its_words() {
    let table = |part: bool| {
        let words = ["一级", "二级"].map(str::to_owned).to_vec();
        BTreeMap::from([("words".to_owned(), ParameterValue::List(WordList { words, part }))])
    };
    let bound = |text: &str, part: bool| parse(text).expect("fine").bind(&table(part)).expect("bound");
    assert_eq!(bound("grade IN ($words)", false), "grade IN ('一级', '二级')");
    assert_eq!(bound("grade NOT IN ($words)", true), "NOT (grade LIKE '%一级%' OR grade LIKE '%二级%')");
    let expression = parse("grade IN ($words)").expect("fine");
    assert_eq!(expression.parameters, ["words"]);
    assert_eq!(expression.bind(&BTreeMap::new()), Err("words".to_owned()), "a table without words tells nothing");
    assert!(parse("grade = $words").is_err() && parse("amount_fen IN ($words)").is_err());
}

#[test]
fn mistakes_are_named_and_located() {
    for (text, at, message) in [
        ("covered AND amount_fen < 29458", 25, "不写数字"),
        ("coverd", 0, "没有名为 coverd"),
        ("grade = '三级'", 8, "没有“三级”这个取值"),
        ("covered AND grade", 12, "这里要是或否"),
        ("amount_fen", 0, "这里要是或否"),
        ("amount_fen < $flor_month", 13, "没有 flor_month"),
        ("amount_fen < (SELECT 1)", 14, "不能用"),
        ("SLEEP(1)", 0, "不能用函数"),
        ("covered IS TRUE", 0, "COALESCE"),
        ("covered covered", 8, "已经完整"),
        ("covered AND", 11, "到这里读不下去"),
        ("grade = '一级", 8, "到这里读不下去"),
        ("covered，grade = '一级'", 7, "“，”是中文"),
        ("grade = 一级", 8, "英文单引号：'一级'"),
        ("grade IN ('一及')", 10, "是不是“一级”"),
    ] {
        let problem = parse(text).expect_err(text).remove(0);
        let said = format!("{} {}", problem.message, problem.hint);
        assert!(said.contains(message), "{text}: {said}");
        assert_eq!(problem.offset, at, "{text}: {said}");
    }
}

#[test]
fn every_mistake_is_told_and_none_that_follows() {
    let offsets =
        |text: &str| parse(text).map_or_else(|found| found.iter().map(|problem| problem.offset).collect(), |_| Vec::new());
    assert_eq!(offsets("coverd AND amount_fen < 29458 AND grade = '三级'"), [0, 24, 42]);
    // What a name means that is not known is not guessed, and what another mistake made unknown is no mistake here.
    assert_eq!(offsets("coverd < $floor_month"), [0]);
    assert!(parse("unread < $floor_month AND unread = '一级' AND $unread > 0").is_ok());
}
