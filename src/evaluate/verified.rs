//! What a verified sample says of all links: the measured rate of false links with its interval, against the stated one.
//!
//! Takes how many links each layer has and the answers for the pairs drawn from it; gives the rate over all links, each layer weighing what it
//! is, with a 95 % interval (Wilson's per layer, laid together as independent). Answers of "not known" are left out and counted.

use std::fmt;

use serde::Serialize;

use crate::model::text::padded;

/// Half width of a 95 % interval in standard deviations.
const NORMAL_95: f64 = 1.96;

/// One layer of the sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Links in the run.
    pub links: u64,
    /// Pairs verified.
    pub checked: u64,
    /// Of these two persons.
    pub wrong: u64,
    /// Looked at and still not known.
    pub unsure: u64,
}

/// The measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// Layers, by name.
    pub layers: Vec<Layer>,
    /// False links among all, expected.
    pub wrong: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Links in layers of which nothing was verified; the rate says nothing of them.
    pub unverified: u64,
    /// What the run stated.
    pub stated: f64,
}

/// Lays the layers together.
#[must_use]
pub fn verified(layers: Vec<Layer>, stated: f64) -> Verified {
    let (mut wrong, mut below, mut above, mut unverified) = (0.0, 0.0, 0.0, 0);
    for layer in &layers {
        if layer.checked == 0 {
            unverified += layer.links;
            continue;
        }
        let (low, high) = wilson(layer.wrong, layer.checked);
        let (links, share) = (float(layer.links), float(layer.wrong) / float(layer.checked));
        wrong += links * share;
        below += (links * (share - low)).powi(2);
        above += (links * (high - share)).powi(2);
    }
    let (low, high) = ((wrong - below.sqrt()).max(0.0), wrong + above.sqrt());
    Verified { layers, wrong, low, high, unverified, stated }
}

/// Wilson's interval of a share.
fn wilson(hits: u64, of: u64) -> (f64, f64) {
    let (n, z2) = (float(of), NORMAL_95 * NORMAL_95);
    let share = float(hits) / n;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = NORMAL_95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts of links stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "抽查结果 the verified sample")?;
        writeln!(f, "{}{:>10} {:>10} {:>8} {:>8}", padded("层 layer", 32), "links", "checked", "wrong", "unsure")?;
        for layer in &self.layers {
            let name = padded(&layer.name, 32);
            writeln!(f, "{name}{:>10} {:>10} {:>8} {:>8}", layer.links, layer.checked, layer.wrong, layer.unsure)?;
        }
        let links: u64 = self.layers.iter().map(|layer| layer.links).sum();
        let per_mille = |wrong: f64| if links == 0 { 0.0 } else { wrong / float(links) * 1000.0 };
        writeln!(
            f,
            "误连 false links：实测 {:.1} 行（95% 区间 {:.1}–{:.1}），即千分之 {:.3}（{:.3}–{:.3}）；运行时估计 stated {:.1} 行",
            self.wrong,
            self.low,
            self.high,
            per_mille(self.wrong),
            per_mille(self.low),
            per_mille(self.high),
            self.stated,
        )?;
        let judgement = if self.stated < self.low {
            "实测高于估计：误连比系统说的多，请先查抽查表里判为“不是”的各对"
        } else if self.stated > self.high {
            "实测低于估计：系统说得保守"
        } else {
            "估计在实测区间之内"
        };
        writeln!(f, "{judgement}")?;
        if self.unverified > 0 {
            writeln!(f, "有 {} 行所在的层一对也没有核对，实测不包括它们", self.unverified)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_by_the_book() {
        // 10 of 100: 0.0552 to 0.1744.
        let (low, high) = wilson(10, 100);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
        let (low, high) = wilson(0, 40);
        assert!(low.abs() < 1e-12 && (high - 0.0876).abs() < 1e-4, "{high}");
    }

    #[test]
    fn layers_weigh_what_they_are() {
        let layer = |name: &str, links, checked, wrong| Layer { name: name.to_owned(), links, checked, wrong, unsure: 1 };
        let measured = verified(vec![layer("a", 10_000, 100, 0), layer("b", 100, 50, 5), layer("c", 7, 0, 0)], 12.0);
        assert!((measured.wrong - 10.0).abs() < 1e-9);
        assert!(
            measured.low < 10.0 && measured.high > 300.0,
            "0 of 100 of ten thousand may still be hundreds: {}",
            measured.high
        );
        assert_eq!(measured.unverified, 7);
        assert!(measured.to_string().contains("估计在实测区间之内"));
    }
}
