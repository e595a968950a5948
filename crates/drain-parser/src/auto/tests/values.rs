//! What stood at a parameter's position.

use proptest::prelude::*;

use crate::auto::values::Values;

type Seen = Option<Vec<u8>>;

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let value = prop_oneof![
        12 => (0..14u8).prop_map(|i| Some(vec![i, 0xff])),
        4 => Just(Some(Vec::new())),
        1 => Just(None),
    ];
    prop::collection::vec(value, 0..16)
}

fn values(seen: &[Seen]) -> Values {
    let mut values = Values::default();
    seen.iter().for_each(|value| values.add(value.as_deref()));
    values
}

fn merged(a: &Values, b: &Values) -> Values {
    let mut values = a.clone();
    values.merge(b);
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn parts_come_together_in_any_order(a in seen(), b in seen(), c in seen()) {
        let [x, y, z] = [&a, &b, &c].map(|seen| values(seen));
        prop_assert_eq!(merged(&x, &y), merged(&y, &x));
        prop_assert_eq!(merged(&merged(&x, &y), &z), merged(&x, &merged(&y, &z)));
        prop_assert_eq!(merged(&x, &x), x.clone());
        prop_assert_eq!(merged(&x, &Values::default()), x.clone());
        prop_assert_eq!(merged(&x, &y), values(&[a, b].concat()));
    }

    #[test]
    fn the_order_of_lines_does_not_matter(seen in seen().prop_flat_map(|seen| (Just(seen.clone()), Just(seen).prop_shuffle()))) {
        prop_assert_eq!(values(&seen.0), values(&seen.1));
    }

    #[test]
    fn a_single_value_is_known(seen in seen()) {
        let mut different = seen.clone();
        different.sort();
        different.dedup();
        let single = match &*different {
            [Some(only)] => Some(only.as_slice()),
            _ => None,
        };
        let values = values(&seen);
        prop_assert_eq!(values.single(), single);
        prop_assert!(values.several().iter().all(|value| different.contains(&Some(value.to_vec()))));
        prop_assert_eq!(Values::from_saved(values.to_saved()), Some(values));
    }
}

#[test]
fn what_cannot_be_is_not_read() {
    let read = |kept: &[&str], many| Values::from_saved((kept.iter().map(ToString::to_string).collect(), many));
    assert!(read(&["a", "b"], false).is_some());
    assert!(read(&["a", "b", "c", "d", "e", "f", "g", "h"], true).is_some());
    for (kept, many) in [
        (&["b", "a"][..], false),
        (&["a", "a"], false),
        (&["a"], true),
        (&[r"\xg0"], false),
        (&["a", "b", "c", "d", "e", "f", "g", "h", "i"], false),
    ] {
        assert_eq!(read(kept, many), None, "{kept:?}");
    }
}
