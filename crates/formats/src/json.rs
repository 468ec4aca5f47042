//! One strict JSON reader: no duplicate keys, no deep nesting, no invalid UTF-8, errors with line and field.
