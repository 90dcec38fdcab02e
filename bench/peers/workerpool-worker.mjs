import workerpool from 'workerpool';

workerpool.worker({ nothing() {} });
