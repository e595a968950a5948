//! More lines of a log than there are: copies with their values redrawn.

/// `copies` of `lines`, each ended by a newline. The first is as it was; in the others every number and every
/// hexadecimal identifier is redrawn from `seed`: as long as before, digits for digits and letters for letters, and the
/// same for the same wherever it stands in one copy.
pub fn redraw(lines: &[Vec<u8>], copies: u64, seed: u64) -> Vec<u8> {
    let mut text = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum::<usize>() * copies as usize);
    for copy in 0..copies {
        for line in lines {
            if copy == 0 {
                text.extend_from_slice(line);
            } else {
                push_redrawn(line, mix(seed ^ copy), &mut text);
            }
            text.push(b'\n');
        }
    }
    text
}

fn push_redrawn(line: &[u8], seed: u64, text: &mut Vec<u8>) {
    for word in line.chunk_by(|a, b| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric()) {
        if word.len() >= 6 && word.iter().all(u8::is_ascii_hexdigit) {
            push_value(word, seed, text);
        } else {
            for part in word.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
                push_value(part, seed, text);
            }
        }
    }
}

/// A value without any digit is a word and stays.
fn push_value(value: &[u8], seed: u64, text: &mut Vec<u8>) {
    if !value.iter().any(u8::is_ascii_digit) {
        text.extend_from_slice(value);
        return;
    }
    let mut state = value.iter().fold(seed, |state, &byte| mix(state ^ u64::from(byte)));
    for (i, &byte) in value.iter().enumerate() {
        state = mix(state);
        let random = (state >> 33) as u8;
        text.push(match byte {
            // No number gets or loses a leading zero.
            b'1'..=b'9' if i == 0 => b'1' + random % 9,
            b'0' if i == 0 => b'0',
            b'0'..=b'9' => b'0' + random % 10,
            b'a'..=b'f' => b'a' + random % 6,
            _ => b'A' + random % 6,
        });
    }
}

/// splitmix64's step.
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::redraw;

    #[test]
    fn copies_keep_their_structure() {
        let lines = [b"blk_-10 is 0xab12 (0a1b2c3d) at /10.251.0.7:50010, blk_-10 dead beef".to_vec()];
        let text = String::from_utf8(redraw(&lines, 3, 1)).unwrap();
        let copies: Vec<&str> = text.lines().collect();
        assert_eq!(copies[0].as_bytes(), lines[0]);
        assert_ne!(copies[1], copies[2]);
        for copy in copies {
            assert_eq!(copy.len(), lines[0].len());
            let words: Vec<&str> = copy.split(' ').collect();
            assert_eq!(words[0], words[6], "{copy}");
            assert!(words[0].starts_with("blk_-") && copy.ends_with("dead beef"), "{copy}");
        }
        assert_eq!(redraw(&lines, 3, 1), redraw(&lines, 3, 1));
    }
}
