use super::cases;
use crate::config::policy::tests::{dictionary, shipped};

#[test]
fn every_case_of_the_shipped_policy_holds() {
    let failures = cases::run(&shipped(), &dictionary());
    let said: Vec<String> =
        failures.iter().map(|failure| format!("{} · {}：{}", failure.rule, failure.case, failure.message)).collect();
    assert!(said.is_empty(), "{said:#?}");
}
