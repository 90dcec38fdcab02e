import { describe, expect, it } from '@jest/globals';
import { Redaction } from '../../../src/core/redaction.ts';
import { redactFields } from '../../../src/observability/redact.ts';

function hiding(...names: string[]): Redaction {
  const redaction = new Redaction();
  redaction.hideNames(names);
  return redaction;
}

describe('a name that was declared secret', () => {
  it.each([
    'account-number: canary',
    'Account Number = "canary, and more"',
    '{"id":1,"accountNumber":"a \\"canary\\" in quotes","x":2}',
    '{"account_number":["canary","canary"]}',
    "accountNumber: { first: 'canary' }",
    'https://a.example/?page=2&account_number=canary&x=1',
  ])('has its value removed from a text: %s', (text) => {
    const redaction = hiding('accountNumber');
    expect(redaction.text(text)).not.toContain('canary');
    expect(redaction.text(text)).toContain('[redacted]');
  });

  it.each([
    'the accountNumber is missing',
    'old-account-number: 5',
    'accountNumbers: 5',
    'expected password=[redacted], accountNumber=[redacted]',
  ])('does not change a text without such a value: %s', (text) => {
    const redaction = hiding('account_number');
    expect(redaction.text(text)).toBe(text);
  });

  it('has its value removed from fields, whatever the value, however deep', () => {
    const redaction = hiding('E-Mail', 'straße');
    const fields = { a: [{ email: { inner: 'canary' }, e_mail: 5, Straße: true }], emails: 'shown', eMail: null };
    expect(redactFields(redaction, fields)).toEqual({
      a: [{ email: '[redacted]', e_mail: '[redacted]', Straße: '[redacted]' }],
      emails: 'shown',
      eMail: null,
    });
  });

  it('is hidden in addition to everything that looks like a secret and to names declared earlier', () => {
    const redaction = hiding('a.b(c');
    redaction.hideNames(['iban']);
    expect(redaction.text('a.b(c=canary iban=canary password=canary aXb(c=shown')).toBe(
      'a.b(c=[redacted] iban=[redacted] password=[redacted] aXb(c=shown',
    );
  });

  it('is hidden only by the service that declared it', () => {
    hiding('iban');
    expect(hiding('email').text('iban=5 email=5')).toBe('iban=5 email=[redacted]');
  });

  it('keeps the time linear for a long text', () => {
    const redaction = hiding('a', 'aa');
    for (const part of ['a=[', 'a={', 'a="', "a='\\", 'aa', 'a ', '-a'])
      expect(redaction.text(part.repeat(50_000)).length).toBeGreaterThan(0);
  });
});
