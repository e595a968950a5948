//! Time stamps of syslog, by their form alone: the sequencer reads what they say.

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The stamp at the beginning of a text, `Oct 11 22:14:15` or `2003-10-11T22:14:15.003Z`, and what is behind it.
pub(super) fn split_stamp(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bsd(text).or_else(|| rfc3339(text))?;
    Some(text.split_at(end))
}

/// Length of `Mmm dd hh:mm:ss`, with a space or a zero before a day of one digit.
fn bsd(text: &[u8]) -> Option<usize> {
    let is_month = MONTHS.iter().any(|month| text.starts_with(*month));
    (is_month && (fits(text, b" dd dd:dd:dd", 3) || fits(text, b"  d dd:dd:dd", 3))).then_some(15)
}

/// Length of `yyyy-mm-ddThh:mm:ss[.f…](Z|±hh:mm)`; a space for the `T` and no zone are let pass.
fn rfc3339(text: &[u8]) -> Option<usize> {
    if !fits(text, b"dddd-dd-ddTdd:dd:dd", 0) && !fits(text, b"dddd-dd-dd dd:dd:dd", 0) {
        return None;
    }
    let mut end = 19;
    if text.get(end) == Some(&b'.') {
        let digits = text[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        end += if digits > 0 { 1 + digits } else { 0 };
    }
    let zone = match text.get(end) {
        Some(b'Z') => 1,
        Some(b'+' | b'-') if fits(text, b"dd:dd", end + 1) => 6,
        Some(b'+' | b'-') if fits(text, b"dddd", end + 1) => 5,
        _ => 0,
    };
    Some(end + zone)
}

/// Whether the text from there is as the pattern, in which `d` is any digit.
fn fits(text: &[u8], pattern: &[u8], from: usize) -> bool {
    let Some(part) = text.get(from..from + pattern.len()) else {
        return false;
    };
    let fits_one = |(byte, &wanted): (&u8, &u8)| match wanted {
        b'd' => byte.is_ascii_digit(),
        wanted => *byte == wanted,
    };
    part.iter().zip(pattern).all(fits_one)
}
