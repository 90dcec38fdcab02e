const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const month = `(?<month>${months.join('|')})`;
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;

const forms = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(String.raw`^${day}, (?<date>\d\d) ${month} (?<year>\d{4}) ${time} GMT$`),
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(String.raw`^${longDay}, (?<date>\d\d)-${month}-(?<shortYear>\d\d) ${time} GMT$`),
  // asctime: Sun Nov  6 08:49:37 1994
  new RegExp(String.raw`^${day} ${month} (?<date>\d\d| \d) ${time} (?<year>\d{4})$`),
];

/**
 * Milliseconds since 1970 of an HTTP date in one of the three forms of RFC 9110, 5.6.7; undefined for any other text.
 * `wall` (milliseconds since 1970) tells the century of a year with two digits. Not `Date.parse`, which finds a year in
 * almost any text, such as "-45".
 */
export function parseHttpDate(text: string, wall: number): number | undefined {
  for (const form of forms) {
    const parts = form.exec(text)?.groups;
    if (parts) return fromParts(parts, wall);
  }
  return undefined;
}

function fromParts(parts: Record<string, string | undefined>, wall: number): number | undefined {
  const [date, hour, minute, second] = [parts['date'], parts['hour'], parts['minute'], parts['second']].map(Number);
  // 60 is a leap second.
  if (hour! > 23 || minute! > 59 || second! > 60) return undefined;
  const midnight = (year: number): number => new Date(0).setUTCFullYear(year, months.indexOf(parts['month']!), date);
  const year =
    parts['year'] === undefined ? fullYear(Number(parts['shortYear']), midnight, wall) : Number(parts['year']);
  const start = midnight(year);
  if (new Date(start).getUTCDate() !== date) return undefined;
  return start + ((hour! * 60 + minute!) * 60 + second!) * 1000;
}

/** RFC 9110, 5.6.7: the latest year with these last two digits that is not more than 50 years in the future. */
function fullYear(lastDigits: number, midnight: (year: number) => number, wall: number): number {
  const now = new Date(wall);
  const latest = new Date(wall).setUTCFullYear(now.getUTCFullYear() + 50);
  const year = Math.floor(now.getUTCFullYear() / 100) * 100 + 100 + lastDigits;
  return [year, year - 100].find((candidate) => midnight(candidate) <= latest) ?? year - 200;
}
