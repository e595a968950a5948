//! Faults are faults: they change what they say, where they say, and nothing that is normal comes out.

use proptest::prelude::*;

use super::*;

/// The keys of a faulty session; 0 for an event that occurs nowhere.
fn carried_out(keys: &[u32], fault: &Fault<u32>) -> Vec<u32> {
    let key = |piece: &Piece<u32>| match piece {
        Piece::Own(index) => keys[*index],
        Piece::Known(key) => *key,
        Piece::Foreign => 0,
    };
    fault.pieces.iter().map(key).collect()
}

fn sorted(keys: &[u32]) -> Vec<u32> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys
}

fn inject_one(kind: FaultKind, keys: &[u32], seed: u64) -> (Option<Fault<u32>>, FaultCount) {
    let numbered: Vec<usize> = (0..keys.len()).filter(|&i| keys[i].is_multiple_of(2)).collect();
    let subject = Subject {
        keys,
        timed: true,
        numbered: &numbered,
    };
    let mut injector = Injector::new(seed, &[kind], [keys, &[1, 2, 3][..]]);
    let fault = injector.inject(&subject);
    (fault, injector.counts()[&kind])
}

proptest! {
    #[test]
    fn a_fault_is_of_its_kind_and_where_it_says(
        kind in prop::sample::select(FaultKind::ALL),
        keys in prop::collection::vec(1_u32..5, 0..12),
        seed: u64,
    ) {
        let (fault, count) = inject_one(kind, &keys, seed);
        prop_assert_eq!(count.injected + count.impossible, 1);
        let Some(fault) = fault else { return Ok(()) };
        let made = carried_out(&keys, &fault);
        prop_assert_eq!(fault.kind, kind);
        if kind.keeps_keys() {
            prop_assert_eq!(&made, &keys);
            prop_assert!(fault.position < keys.len());
        } else {
            prop_assert!(made != keys && made != [1, 2, 3], "{made:?} is normal");
            prop_assert_eq!(&made[..fault.position], &keys[..fault.position]);
            prop_assert!(made.get(fault.position) != keys.get(fault.position));
        }
        let length = keys.len();
        match kind {
            FaultKind::Missing => prop_assert_eq!(made.len(), length - 1),
            FaultKind::Doubled => {
                prop_assert_eq!(made.len(), length + 1);
                prop_assert!(made.windows(2).any(|pair| pair[0] == pair[1]));
            }
            FaultKind::Swapped => {
                prop_assert_eq!(sorted(&made), sorted(&keys));
                prop_assert_eq!(made.iter().zip(&keys).filter(|(a, b)| a != b).count(), 2);
            }
            FaultKind::Moved => prop_assert_eq!(sorted(&made), sorted(&keys)),
            FaultKind::Replaced => {
                prop_assert_eq!(made.iter().zip(&keys).filter(|(a, b)| a != b).count(), 1);
                prop_assert!(!made.contains(&0));
            }
            FaultKind::Foreign => prop_assert_eq!(made[fault.position], 0),
            FaultKind::Truncated => {
                prop_assert!(!made.is_empty());
                prop_assert_eq!(fault.position, made.len());
            }
            FaultKind::Delayed => prop_assert!(fault.position > 0),
            FaultKind::OutOfRange => prop_assert_eq!(keys[fault.position] % 2, 0),
        }
    }
}

#[test]
fn what_cannot_be_goes_to_another_kind_and_is_counted() {
    for (kind, keys) in [
        (FaultKind::Missing, &[1][..]),
        (FaultKind::Doubled, &[]),
        (FaultKind::Swapped, &[4, 4, 4]),
        (FaultKind::Moved, &[1, 2]),
        (FaultKind::Truncated, &[1]),
        (FaultKind::Delayed, &[1]),
        (FaultKind::OutOfRange, &[1, 3]),
    ] {
        let (fault, count) = inject_one(kind, keys, 1);
        assert_eq!((fault, count.impossible), (None, 1), "{kind} in {keys:?}");
    }
    let mut injector = Injector::new(1, &[FaultKind::Swapped, FaultKind::Doubled], [&[4, 4, 4][..]]);
    for _ in 0..2 {
        let fault = injector.inject(&Subject::from(&[4, 4, 4][..])).map(|fault| fault.kind);
        assert_eq!(fault, Some(FaultKind::Doubled));
    }
    assert_eq!(injector.counts()[&FaultKind::Swapped].impossible, 1);
}

#[test]
fn what_cannot_be_carried_out_is_drawn_anew_or_goes_to_another_kind() {
    let keys: Vec<u32> = (1..9).collect();
    let subject = Subject::from(&keys[..]);
    let mut injector = Injector::new(1, &[FaultKind::Doubled, FaultKind::Foreign], [&keys[..]]);
    for _ in 0..4 {
        let fault = injector.inject_where(&subject, |fault| fault.position == 3).unwrap();
        assert_eq!(fault.position, 3);
    }
    let not_doubled = |fault: &Fault<u32>| fault.kind != FaultKind::Doubled;
    assert_eq!(
        injector.inject_where(&subject, not_doubled).unwrap().kind,
        FaultKind::Foreign
    );
    assert_eq!(injector.inject_where(&subject, |_| false), None);
}

#[test]
fn sessions_without_times_are_never_late() {
    let mut injector = Injector::new(1, &[FaultKind::Delayed, FaultKind::OutOfRange], [&[1, 2, 3][..]]);
    assert_eq!(injector.inject(&Subject::from(&[1, 2, 3][..])), None);
}

#[test]
fn a_draw_that_gives_a_normal_sequence_is_thrown_away_and_counted() {
    let normal = [&[1, 2][..], &[2, 1]];
    let mut injector = Injector::new(3, &[FaultKind::Swapped], normal);
    assert_eq!(injector.inject(&Subject::from(normal[0])), None);
    let count = injector.counts()[&FaultKind::Swapped];
    assert_eq!((count.normal, count.impossible), (DRAWS as u64, 1));
}

#[test]
fn kinds_come_equally_often_and_from_the_seed() {
    let keys: Vec<u32> = (1..20).collect();
    let all = |seed| {
        let mut injector = Injector::new(seed, FaultKind::ALL, [&keys[..]]);
        let faults: Vec<_> = (0..70).map(|_| injector.inject(&Subject::from(&keys[..]))).collect();
        (faults, injector)
    };
    let (faults, injector) = all(5);
    for kind in FaultKind::ALL.iter().filter(|kind| !kind.keeps_keys()) {
        assert_eq!(injector.counts()[kind].injected, 10, "{kind}");
    }
    assert_eq!(faults, all(5).0);
    assert_ne!(faults, all(6).0);
}

#[test]
fn kinds_go_by_their_names() {
    for kind in FaultKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(*kind));
    }
    let error = "swoped".parse::<FaultKind>().unwrap_err().to_string();
    assert!(
        error.starts_with("`swoped` is no kind of fault; known are missing, "),
        "{error}"
    );
}
