use std::fs;
use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::*;
use crate::observer::Unobserved;

fn written(input: &str, formats: &[MatrixFormat]) -> (tempfile::TempDir, FeatureSummary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.txt");
    fs::write(&path, input).unwrap();
    let summary = features(&[path], None, formats, folder.path(), 2, &mut Unobserved).unwrap();
    (folder, summary)
}

fn rows(folder: &tempfile::TempDir, name: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(folder.path().join(name))
        .unwrap();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

#[test]
fn counts_and_weights_are_those_of_the_formula() {
    let (folder, summary) = written("a,1 2 1\nb,2\nc,\n", &[MatrixFormat::Csv]);
    assert!(summary.is_wide && summary.from_session_file);
    assert_eq!((summary.sessions, summary.templates, summary.events), (3, 2, 4));
    assert_eq!(
        rows(&folder, "counts.csv"),
        [["Session", "1", "2"], ["a", "2", "1"], ["b", "0", "1"], ["c", "0", "0"]]
    );
    let (one, two) = ((4.0_f64 / 2.0).ln() + 1.0, (4.0_f64 / 3.0).ln() + 1.0);
    let length = (4.0 * one * one + two * two).sqrt();
    let weights: Vec<f64> = rows(&folder, "tfidf.csv")[1..]
        .iter()
        .flat_map(|row| row[1..].iter().map(|cell| cell.parse::<f64>().unwrap()))
        .collect();
    let expected = [2.0 * one / length, two / length, 0.0, 1.0, 0.0, 0.0];
    for (found, expected) in weights.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
    assert_eq!(
        rows(&folder, "sequences.csv"),
        [["Session", "EventSequence"], ["a", "1 2 1"], ["b", "2"], ["c", ""]]
    );
    let templates = rows(&folder, "templates.csv");
    assert_eq!(templates[1][..4], ["1", "", "2", "1"]);
    assert_eq!(templates[2][..4], ["2", "", "2", "2"]);
}

/// All rows of a Parquet file as text.
fn parquet_rows(folder: &tempfile::TempDir, name: &str) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(File::open(folder.path().join(name)).unwrap()).unwrap();
    let names = reader.metadata().file_metadata().schema_descr().columns().iter();
    let mut rows = vec![names.map(|column| column.name().to_owned()).collect::<Vec<_>>()];
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        rows.push(
            row.get_column_iter()
                .map(|(_, field)| field.to_string().trim_matches('"').to_owned())
                .collect(),
        );
    }
    rows
}

#[test]
fn both_formats_hold_the_same() {
    let input: String = (0..50).map(|n| format!("s{n},{} {} 7\n", n % 5, n % 3 + 10)).collect();
    let (folder, _) = written(&input, &[MatrixFormat::Csv, MatrixFormat::Parquet]);
    for name in ["counts", "sequences", "templates", "tfidf"] {
        let as_numbers = |rows: Vec<Vec<String>>| -> Vec<Vec<Result<f64, String>>> {
            let cell = |cell: String| cell.parse::<f64>().map_err(|_| cell);
            rows.into_iter()
                .map(|row| row.into_iter().map(cell).collect())
                .collect()
        };
        let csv = as_numbers(rows(&folder, &format!("{name}.csv")));
        assert!(csv.len() > 8, "{name}");
        assert_eq!(
            as_numbers(parquet_rows(&folder, &format!("{name}.parquet"))),
            csv,
            "{name}"
        );
    }
}

#[test]
fn many_templates_make_a_long_table_with_the_same_sums() {
    let input: String = (0..1_100).map(|n| format!("s{n},{n} {n} {}\n", n / 2)).collect();
    let (folder, summary) = written(&input, &[MatrixFormat::Csv]);
    assert!(!summary.is_wide);
    let rows = rows(&folder, "counts.csv");
    assert_eq!(rows[0], ["Session", "EventId", "Count"]);
    let sum: u64 = rows[1..].iter().map(|row| row[2].parse::<u64>().unwrap()).sum();
    assert_eq!((sum, summary.events), (3_300, 3_300));
    assert_eq!(rows[1], ["s0", "0", "3"]);
}

#[test]
fn what_is_written_as_sequences_is_a_session_file() {
    let (folder, first) = written("x,5 22\ny,5\n", &[MatrixFormat::Csv]);
    let again = tempfile::tempdir().unwrap();
    let input = folder.path().join("sequences.csv");
    let second = features(&[input], None, &[MatrixFormat::Csv], again.path(), 1, &mut Unobserved).unwrap();
    assert_eq!(second, first);
    assert_eq!(rows(&again, "counts.csv"), rows(&folder, "counts.csv"));
}
