"""What classifiers say of images: the judge, the gap, hidden labels."""
