//! Examples that help shows below the flags. `tests/test_help.py` runs them.

pub const READ: &str = "\
Examples:
  kaframe read orders  # 20 rows; on a pipe all
  kaframe read orders --since -1h --where \"amount > 100\"
  kaframe read orders --columns id,amount -f csv > rows.csv
  kaframe read orders returns --tail 100  # of two topics";

pub const HEAD: &str = "\
Examples:
  kaframe head orders
  kaframe head orders -n 3 --since -1h";

pub const TAIL: &str = "\
Examples:
  kaframe tail orders -n 20
  kaframe tail orders --follow -f '%T %k %s\\n'  # kcat's template";

pub const SUMMARIZE: &str = "\
Examples:
  kaframe summarize orders
  kaframe summarize orders returns --since -1d
  kaframe summarize orders --json";

pub const INFO: &str = "\
Examples:
  kaframe info orders
  kaframe info orders -f json";

pub const EXPORT: &str = "\
Examples:
  kaframe export orders -w orders.parquet
  kaframe export orders -w by_day/ --partition-by 'day(_timestamp)'
  kaframe export orders -w all/ --state orders.state  # again: what is new
  kaframe export orders returns -w both/ -f csv  # a file each";

pub const WRITE: &str = "\
Examples:
  kaframe write orders < rows.ndjson  # a JSON object a line
  kaframe write orders --key id < rows.ndjson  # the field id as the key
  kaframe write orders rows.parquet
  kaframe read orders | kaframe write copy  # what read prints, written";

pub const TOPICS: &str = "\
Examples:
  kaframe topics
  kaframe topics 'ord*'
  kaframe topics create orders --partitions 6
  kaframe topics describe orders
  kaframe topics delete orders";

pub const COUNT: &str = "\
Examples:
  kaframe count orders
  kaframe count orders --since -1d --where \"country = 'DE'\"
  kaframe count 'ord*' --at-most  # by offsets alone";

pub const SQL: &str = "\
Examples:
  kaframe sql 'select country, count(*) from orders group by country'
  kaframe sql --table p=prices.csv 'select * from orders join p using (sku)'
  kaframe sql  # a prompt; \\q ends it";

pub const PLAN: &str = "\
Examples:
  kaframe plan orders
  kaframe plan orders --since -1h --where 'amount > 100'";

pub const BROKER: &str = "\
Examples:
  kaframe broker --port 9092 --topic orders:3
  kaframe broker --port 0 --version 2.8  # any free port";

pub const DEMO: &str = "\
Examples:
  kaframe demo";

pub const COMPLETIONS: &str = "\
Examples:
  source <(kaframe completions bash)  # in ~/.bashrc
  kaframe completions fish > ~/.config/fish/completions/kaframe.fish";

pub const VERSION: &str = "\
Examples:
  kaframe version";
