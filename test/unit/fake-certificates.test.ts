import { certificateAuthorityContract } from '../contracts/certificate-authority.contract.ts';
import { certificateStoreContract } from '../contracts/certificate-store.contract.ts';
import { servingCertificateContract } from '../contracts/serving-certificate.contract.ts';
import { DUE_MS, FakeCertificateAuthority } from '../support/fakes/fake-certificate-authority.ts';
import { FakeCertificateStore } from '../support/fakes/fake-certificate-store.ts';
import { FakeServingCertificate } from '../support/fakes/fake-serving-certificate.ts';

certificateAuthorityContract('FakeCertificateAuthority', () => {
  const authority = new FakeCertificateAuthority();
  return {
    authority,
    freshMs: DUE_MS - 1,
    dueMs: DUE_MS,
    expiredMs: 2 * DUE_MS,
    isTrusted: (certificate, authorities) => authority.isTrusted(certificate, authorities),
  };
});

certificateStoreContract('FakeCertificateStore', async () => {
  const store = new FakeCertificateStore();
  return {
    store,
    other: store,
    remove: async () => {
      store.certificates = undefined;
      store.version++;
    },
    breakIt: async () => {
      store.failure = new Error('no answer');
    },
    stop: async () => undefined,
  };
});

servingCertificateContract('FakeServingCertificate', async () => {
  const certificate = new FakeServingCertificate();
  certificate.fail('the test has given none');
  let given = { certificate: 'none', key: '', authority: '', until: 0 };
  let count = 0;
  return {
    certificate,
    put: async () => {
      const name = String(++count);
      given = { certificate: `certificate ${name}`, key: `key ${name}`, authority: 'authority', until: 1 };
      certificate.give(given);
      const { until: _, ...there } = given;
      return there;
    },
    breakIt: async () => certificate.fail('the test has taken it away'),
    mend: async () => certificate.give(given),
    pass: async () => undefined,
    stop: async () => undefined,
  };
});
