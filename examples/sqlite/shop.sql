CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, cents INTEGER, changed TEXT);
CREATE INDEX orders_changed ON orders (changed);
INSERT INTO orders VALUES
  (1, 'Ada', 1250, '2026-11-30 09:15:00'),
  (2, 'Grace', 990, '2026-11-30 09:15:00'),
  (3, 'Alan', 4999, '2026-12-01 16:40:12');
