"""What reaches outside the house besides shops: mail servers, printers, carriers, folders and SFTP; imports canonical only."""
