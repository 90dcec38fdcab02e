/** `text` without the code locations that errors name, because Millrace takes tests for the user's own code. */
export function withoutPlaces(text: string): string {
  return text.replaceAll(/ \(at \/[^()]+:\d+:\d+\)/g, '');
}
