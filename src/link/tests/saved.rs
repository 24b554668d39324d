//! A model saved by one run serves the next.

use super::*;
use crate::config::link_saved::SavedModel;

#[test]
fn what_a_run_learned_links_the_next_as_well_and_drift_is_told() {
    let world = super::world(1500, 8);
    let (own, evidence) = linked_with(world.registries.clone(), &[]);
    assert!(evidence.drift.is_empty());
    let mut saved = SavedModel { period: "2018-05".to_owned(), layers: evidence.learned };
    let (again, evidence) = with(world.registries.clone(), &[], &[], Some(&saved));
    assert!(evidence.drift.is_empty(), "the same rows teach the same: {:?}", evidence.drift);
    assert_eq!(own.links, again.links, "and link the same");

    // A model from a county where nobody stays in the village.
    let place = saved.layers.iter_mut().find(|layer| layer.registry == "insurance").expect("learned");
    place.odds[levels::PLACE][0].m /= 8.0;
    let (_, evidence) = with(world.registries, &[], &[], Some(&saved));
    let told = evidence.drift.first().expect("a drift");
    assert_eq!((told.registry.as_str(), told.comparison.as_str(), told.level.as_str()), ("insurance", "place", "village"));
    assert!((told.now - told.saved - 3.0).abs() < 0.02, "{told:?}");
}
