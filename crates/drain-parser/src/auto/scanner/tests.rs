use proptest::prelude::*;

use super::*;

/// [`Scanner::longest`] by its definition, a byte at a time.
fn longest_by_definition(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let dfa = &SCANNER.dfa;
    let mut state = SCANNER.start;
    let mut best = None;
    let mut limit = at + LOOK_AHEAD;
    for (i, &byte) in text.iter().enumerate().skip(at) {
        state = dfa.next_state(state, byte);
        if dfa.is_match_state(state) {
            if is_end(text, i) {
                best = Some((i, dfa.match_pattern(state, 0).as_usize()));
            }
            limit = i + LOOK_AHEAD;
        } else if dfa.is_dead_state(state) {
            return best;
        }
        if i >= limit {
            return best;
        }
    }
    state = dfa.next_eoi_state(state);
    if dfa.is_match_state(state) && is_end(text, text.len()) {
        best = Some((text.len(), dfa.match_pattern(state, 0).as_usize()));
    }
    best
}

/// What masks are made of, so that much of it matches and nearly as much almost does.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "Jan", " ", "Tue", "tru", "true", "Nones", "12", ":", "10.0.0.1", ".", "/", "-", "a", "C:\\", "\\", "@", "b.c",
        "0x", "fF0", "kB", " (", "http://", "<", "~", "+", "%", "é", "\0", "_", "word", "T0", "Z", ",", "nullify",
        "550e8400", "-e29b",
    ]);
    let piece = prop_oneof![8 => piece.prop_map(|text| text.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 1..3)];
    let piece = (piece, prop_oneof![30 => Just(1), 1 => 100usize..400]);
    let pieces = prop::collection::vec(piece, 0..14);
    pieces.prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(piece, times)| piece.repeat(times))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_short_ways_find_what_the_long_one_finds(text in texts()) {
        for at in 0..text.len() {
            let expected = longest_by_definition(&text, at);
            prop_assert_eq!(SCANNER.longest(&text, at), expected, "{:?} at {}", text.escape_ascii().to_string(), at);
            if let Some(length) = SCANNER.plain_word(&text[at..]) {
                prop_assert_eq!(Some((at + length, BUILT_IN.len())), expected, "{:?}", text.escape_ascii().to_string());
            }
        }
    }
}

#[test]
fn masks_know_no_longer_words_by_heart() {
    let dfa = &SCANNER.dfa;
    let letters = || (0..=u8::MAX).filter(u8::is_ascii_alphabetic);
    let mut states = vec![SCANNER.start];
    let mut seen = Vec::new();
    for read in 0..40 {
        states = states
            .iter()
            .flat_map(|&state| letters().map(move |byte| dfa.next_state(state, byte)))
            .collect();
        states.sort_unstable();
        states.dedup();
        if read >= LONGEST_KNOWN {
            seen.extend(&states);
        }
    }
    for &state in &seen {
        for byte in (0..=u8::MAX).filter(|&byte| !is(byte, GOES_ON)) {
            assert!(SCANNER.is_word_only(dfa.next_state(state, byte)), "{}", byte as char);
        }
    }
    let plain: Vec<u8> = letters().filter(|&byte| SCANNER.plain[usize::from(byte)]).collect();
    assert!(
        plain.len() > 30 && !plain.contains(&b't') && !plain.contains(&b'J'),
        "{}",
        plain.escape_ascii()
    );
}
