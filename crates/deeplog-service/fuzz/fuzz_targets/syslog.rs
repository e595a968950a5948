#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deeplog_service_fuzz::syslog(data));
