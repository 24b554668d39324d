use super::*;

fn document(text: &str) -> Document {
    Document { path: "model.toml".to_owned(), text: text.to_owned() }
}

const SHIPPED: [(&str, &str); 3] = [
    ("fixtures/tables/link.toml", include_str!("../../../fixtures/tables/link.toml")),
    ("fixtures/tables/deduplicate.toml", include_str!("../../../fixtures/tables/deduplicate.toml")),
    ("pipelines/tables/febrl.toml", include_str!("../../../pipelines/tables/febrl.toml")),
];

#[test]
fn what_is_shipped_is_sound() {
    for (path, text) in SHIPPED {
        let document = Document { path: path.to_owned(), text: text.to_owned() };
        assert!(TablesModel::is_meant(&document));
        let model = TablesModel::resolve(&document).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(model.rules.len() > 3 && model.comparisons.len() > 3, "{path}");
    }
    assert!(!TablesModel::is_meant(&document(include_str!("../../../pipelines/monthly.toml"))));
}

/// The shipped linking model after replacements, each of which must find its text.
fn mistakes(changes: &[(&str, &str)]) -> String {
    let mut text = SHIPPED[0].1.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    TablesModel::resolve(&document(&text)).expect_err("mistakes").render(false)
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let told = mistakes(&[
        ("confirm = 4.0", "confirm = -4.0"),
        ("truth = \"person\"", "truth = \"persons\""),
        ("clean = [\"digits\"]", "clean = [\"digit\"]"),
        ("from = [\"surname\"]", "from = [\"surnam\"]"),
        ("on = [\"birth\", \"surname_sound\"]", "on = [\"birth\", \"sound(surname)\"]"),
        ("test = \"swapped\"", "test = \"swaped\""),
        ("test = \"jaro_winkler\", at_least = 0.85", "test = \"jaro_winkler\", at_most = 0.85"),
        ("test = \"within_days\", at_most = 3", "test = \"within_days\", at_most = 3, m = 1.5"),
        ("l.postcode_number", "l.postcode_numbers"),
    ]);
    for expected in [
        "review ≤ confirm",
        "是不是“person”",
        "是不是“digits”",
        "是不是“surname”",
        "要求字段“surname”的 kind = \"name\"",
        "是不是“swapped”",
        "写 at_least = 0 到 1 的数",
        "m 应在 0 与 1 之间",
        "是不是“postcode_number”",
        "model.toml:",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn the_caret_stands_inside_the_condition() {
    let told = mistakes(&[("abs(l.postcode_number - r.postcode_number) <= 2", "abs(l.postcode_number - r.suburb) <= 2")]);
    let lines: Vec<&str> = told.lines().collect();
    let source = lines.iter().rposition(|line| line.contains("r.suburb")).expect("the line");
    let place = lines[source].find("r.suburb").expect("there");
    assert_eq!(lines[source + 1].find('^'), Some(place), "{told}");
    assert!(told.contains("这里要数"), "{told}");
}

#[test]
fn a_model_that_would_cheat_or_collide_is_refused() {
    for (change, expected) in [
        (("on = [\"number\"]", "on = [\"person\"]"), "真值只用于评估"),
        (("name = \"suburb\"\ncolumns = [\"suburb\"", "name = \"suburb\"\ncolumns = [\"street\""), "已是字段“street”的写法"),
        (("name = \"postcode\"\ncolumns", "name = \"row\"\ncolumns"), "行来源"),
        (("right = \"library*\"\n", ""), "left 和 right 要一起写"),
        (("name = \"birth\"\nkind = \"date\"", "name = \"birth\"\nkind = \"text\""), "要求字段“birth”的 kind = \"date\""),
        (("test = \"one_digit\"", "test = \"one_digit\", at_most = 2"), "不带 at_least、at_most"),
    ] {
        let told = mistakes(&[change]);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn a_saved_model_must_be_of_this_model() {
    let model = TablesModel::resolve(&document(SHIPPED[0].1)).expect("sound");
    let comparison = |found: &Comparison| SavedComparison {
        name: found.name.clone(),
        levels: found
            .levels
            .iter()
            .map(|level| level.name.clone())
            .chain(["else".to_owned()])
            .map(|level| SavedLevel { level, m: 0.5, u: 0.25 })
            .collect(),
    };
    let saved = SavedModel {
        tool: "bidui".to_owned(),
        model: model.name.clone(),
        prior: 0.001,
        comparisons: model.comparisons.iter().map(comparison).collect(),
    };
    let text = toml::to_string(&saved).expect("written");
    assert_eq!(SavedModel::resolve(&document(&text), &model).expect("read back"), saved);
    let other = text.replacen("level = \"swapped\"", "level = \"turned\"", 1).replacen("prior = 0.001", "prior = 1.5", 1);
    let told = SavedModel::resolve(&document(&other), &model).expect_err("mistakes").render(false);
    assert!(told.contains("“name”的级别与模型里的不同") && told.contains("prior"), "{told}");
}
