import { afterEach, describe, expect, it, jest } from '@jest/globals';

afterEach(() => void jest.resetModules());

/** What hides `names`, and nothing that another test has named. */
async function hiding(...names: string[]) {
  jest.resetModules();
  const { hideNames } = await import('../../../src/core/secret-names.ts');
  const { withoutSecrets } = await import('../../../src/core/without-secrets.ts');
  const { redactFields } = await import('../../../src/observability/redact.ts');
  hideNames(names);
  return { withoutSecrets, redactFields };
}

describe('a name that was given as secret', () => {
  it.each([
    'account-number: canary',
    'Account Number = "canary, and more"',
    '{"id":1,"accountNumber":"a \\"canary\\" in quotes","x":2}',
    '{"account_number":["canary","canary"]}',
    "accountNumber: { first: 'canary' }",
    'https://a.example/?page=2&account_number=canary&x=1',
  ])('has its value taken out of a text: %s', async (text) => {
    const { withoutSecrets } = await hiding('accountNumber');
    expect(withoutSecrets(text)).not.toContain('canary');
    expect(withoutSecrets(text)).toContain('[redacted]');
  });

  it.each([
    'the accountNumber is missing',
    'old-account-number: 5',
    'accountNumbers: 5',
    'expected password=[redacted], accountNumber=[redacted]',
  ])('leaves a text that has no such value as it is: %s', async (text) => {
    const { withoutSecrets } = await hiding('account_number');
    expect(withoutSecrets(text)).toBe(text);
  });

  it('has its value taken out of fields, whatever that is, however deep it lies', async () => {
    const { redactFields } = await hiding('E-Mail', 'straße');
    const fields = { a: [{ email: { inner: 'canary' }, e_mail: 5, Straße: true }], emails: 'shown', eMail: null };
    expect(redactFields(fields)).toEqual({
      a: [{ email: '[redacted]', e_mail: '[redacted]', Straße: '[redacted]' }],
      emails: 'shown',
      eMail: null,
    });
  });

  it('adds to what looks like a secret, and to the names given before', async () => {
    const { withoutSecrets } = await hiding('a.b(c', 'iban');
    expect(withoutSecrets('a.b(c=canary iban=canary password=canary aXb(c=shown')).toBe(
      'a.b(c=[redacted] iban=[redacted] password=[redacted] aXb(c=shown',
    );
  });

  it('does not make a long text take longer than it is long', async () => {
    const { withoutSecrets } = await hiding('a', 'aa');
    for (const part of ['a=[', 'a={', 'a="', "a='\\", 'aa', 'a ', '-a'])
      expect(withoutSecrets(part.repeat(50_000)).length).toBeGreaterThan(0);
  });
});
